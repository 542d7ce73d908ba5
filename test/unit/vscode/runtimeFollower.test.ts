import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { finding } from "../../../src/core/diagnosis/finding";
import type { ProviderStatus } from "../../../src/core/rpc/contract";
import { CredentialEditor } from "../../../src/vscode/providers/credentialEditor";
import { ProviderRegistry } from "../../../src/vscode/providers/registry";
import { RuntimeFollower } from "../../../src/vscode/runtimes/follower";
import { LocalRuntimes } from "../../../src/vscode/runtimes/localRuntimes";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import type { RawProviders } from "../../../src/vscode/settings/providerEdits";
import { openAiListAnswers, startFakeRuntime, writeFakeProgram } from "../../support/fakeRuntimes";
import { freePort } from "../../support/freePort";
import { entry, providerStatus, ready, state } from "./fixtures";
import { MemorySecrets } from "./memorySecrets";
import { nobodyAsked } from "./nobodyAsked";

let home: string;
let list: RawProviders;
let registry: ProviderRegistry;
let keys: ProviderKeys;
let clock: number;
let follower: RuntimeFollower;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), "postern-follower-"));
  const settings = {
    providers: () => list,
    writeProviders: async (written: RawProviders) => {
      list = written;
    },
  };
  keys = new ProviderKeys(new MemorySecrets());
  registry = new ProviderRegistry(
    settings,
    keys,
    () => undefined,
    async () => {},
    nobodyAsked,
  );
  clock = 0;
  const runtimes = new LocalRuntimes({
    platform: "linux",
    home,
    environment: (name) => (name === "PATH" ? home : undefined),
    variables: { PATH: "/usr/bin:/bin" },
  });
  follower = new RuntimeFollower({
    locate: (runtime, signal) => runtimes.locate(runtime, signal),
    addressOf: (target) => registry.raw(target).baseUrl,
    changeAddress: (target, baseUrl) => registry.patch(target, { baseUrl }),
    now: () => clock,
    log: { info: () => {}, warn: () => {}, error: () => {} } as never,
  });
});

afterEach(async () => {
  follower.dispose();
  await Promise.all(closing.splice(0).map((close) => close()));
  await rm(home, { recursive: true, force: true });
});

/** A provider made from Foundry Local at a port where it was once. */
async function movedFoundry() {
  const server = await startFakeRuntime(openAiListAnswers("Microsoft", "phi-4-mini"));
  closing.push(() => server.close());
  const stale = `http://127.0.0.1:${await freePort()}/v1`;
  list = [{ id: "foundry-local", type: "openai", baseUrl: stale, runtime: "foundry-local" }];
  const says = (origin: string) =>
    writeFakeProgram(home, "foundry", {
      "service status": `🟢 Model management service is running on ${origin}/openai/status`,
    });
  await says(server.origin);
  return { server, stale, says };
}

function seen(status: Partial<ProviderStatus>, baseUrl: string) {
  const local = entry({ id: "foundry-local", baseUrl, runtime: "foundry-local" });
  return state(ready({ providers: [providerStatus({ id: "foundry-local", ...status })] }), {
    providers: [local],
  });
}

const address = () => (list[0] as { baseUrl: string }).baseUrl;

// The fake program is a shell script.
describe.skipIf(process.platform === "win32")("a runtime whose port has changed", () => {
  test("is followed when nothing answers any more at the old one", async () => {
    const { server, stale } = await movedFoundry();
    follower.follow(seen({ state: "failing" }, stale), true);
    await follower.settled();
    expect(list).toEqual([
      { id: "foundry-local", type: "openai", baseUrl: `${server.origin}/v1`, runtime: "foundry-local" },
    ]);
  });

  test("is followed when somebody else answers at the old one", async () => {
    const { server, stale } = await movedFoundry();
    follower.follow(seen({ state: "ready", modelsFrom: "unavailable" }, stale), true);
    await follower.settled();
    expect(address()).toBe(`${server.origin}/v1`);
  });

  test("does not take along a key that was stored for the old one", async () => {
    const { stale } = await movedFoundry();
    await new CredentialEditor(registry, keys, async () => {}).setKey("foundry-local", "sk-canary", stale);
    follower.follow(seen({ state: "failing" }, stale), true);
    await follower.settled();
    expect(address()).not.toBe(stale);
    const { credential } = await registry.resolved({ kind: "provider", id: "foundry-local", index: 0 });
    expect(credential.kind).toBe("missing");
    expect(JSON.stringify(credential)).not.toContain("sk-canary");
  });

  test.each([
    ["works", { state: "ready" as const }],
    ["is disabled", { state: "disabled" as const }],
  ])("is left alone while it %s", async (_, status) => {
    const { stale } = await movedFoundry();
    follower.follow(seen(status, stale), true);
    await follower.settled();
    expect(address()).toBe(stale);
  });

  test.each([
    ["provider_failed", false],
    ["model_missing", false],
    ["timed_out", false],
    ["nothing_listens", true],
    ["web_page", true],
  ] as const)("is looked for only where it is not there itself: %s", async (code, moves) => {
    const { stale } = await movedFoundry();
    follower.follow(seen({ state: "failing", finding: finding(code, "It failed.") }, stale), true);
    await follower.settled();
    expect(address() !== stale).toBe(moves);
  });

  test("is left to the window that the person is at", async () => {
    const { stale } = await movedFoundry();
    follower.follow(seen({ state: "failing" }, stale), false);
    await follower.settled();
    expect(address()).toBe(stale);
  });

  test("is looked for again, but not all the time", async () => {
    const { server, stale, says } = await movedFoundry();
    await says(`http://127.0.0.1:${await freePort()}`);
    follower.follow(seen({ state: "failing" }, stale), true);
    await follower.settled();
    await says(server.origin);
    clock = 29_000;
    follower.follow(seen({ state: "failing" }, stale), true);
    await follower.settled();
    expect(address()).toBe(stale);
    clock = 30_000;
    follower.follow(seen({ state: "failing" }, stale), true);
    await follower.settled();
    expect(address()).toBe(`${server.origin}/v1`);
  });

  test("never leads to another machine, nor over an address that was corrected meanwhile", async () => {
    const { server, stale, says } = await movedFoundry();
    await says("http://192.0.2.7:5273");
    follower.follow(seen({ state: "failing" }, stale), true);
    await follower.settled();
    expect(address()).toBe(stale);
    await says(server.origin);
    list = [{ ...(list[0] as object), baseUrl: "http://127.0.0.1:5999/v1" }];
    clock = 60_000;
    follower.follow(seen({ state: "failing" }, stale), true);
    await follower.settled();
    expect(address()).toBe("http://127.0.0.1:5999/v1");
  });
});
