import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cliFile,
  GATEWAY_KEY,
  Gateway,
  providerEntry,
  run,
  runCli,
  temporaryFolder,
} from "../../support/gateway";
import { json, ReplayProvider } from "../../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;
let folder: ReturnType<typeof temporaryFolder>;

beforeAll(async () => {
  const message = { role: "assistant", content: "All at once." };
  provider = await ReplayProvider.start(
    json({
      id: "c",
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    }),
  );
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
  folder = temporaryFolder();
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
  folder?.remove();
});

function configured(name: string, keys: object[], more: object = {}): string {
  const file = join(folder.path, name);
  writeFileSync(
    file,
    JSON.stringify({ providers: [providerEntry(provider.url)], gateway: { keys }, ...more }),
  );
  return file;
}

const ask = (args: readonly string[], lines: readonly object[], env: Record<string, string> = {}) =>
  run(
    process.execPath,
    [cliFile, "mcp", ...args],
    env,
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );

const call = {
  jsonrpc: "2.0",
  id: "a",
  method: "tools/call",
  params: { name: "chat", arguments: { model: "fake/model-a", prompt: "p" } },
};

describe("postern mcp", () => {
  it.each(["--config", "--url"])("answers what a pipe holds, and ends with it (%s)", async (way) => {
    const args =
      way === "--url"
        ? ["--url", gateway.url]
        : ["--config", configured("a.json", [{ name: "k", key: GATEWAY_KEY }])];
    const { code, stdout } = await ask(args, [call], { POSTERN_KEY: GATEWAY_KEY });
    expect(code).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      id: "a",
      result: { content: [{ text: "All at once." }] },
    });
  });

  it("writes what it asked for into the same ledger", async () => {
    const dataDir = join(folder.path, "data");
    const file = configured(
      "b.json",
      [{ name: "k", key: GATEWAY_KEY, budget: { requests: 1, period: "day" } }],
      {
        dataDir,
      },
    );
    const first = await ask(["--config", file], [call]);
    expect(first.stdout).not.toContain("isError");
    const second = await ask(["--config", file], [call]);
    expect(second.stdout).toContain('"isError":true');
  });

  it("keeps its standard output clean, and says on the other what is wrong", async () => {
    const noKeys = await ask(["--config", configured("c.json", [])], []);
    expect(noKeys).toMatchObject({ code: 2, stdout: "" });
    expect(noKeys.stderr).toContain("gateway.keys");
    const unknown = await ask(
      ["--config", configured("d.json", [{ name: "k", key: GATEWAY_KEY }]), "--key", "x"],
      [],
    );
    expect(unknown).toMatchObject({ code: 1, stdout: "" });
    expect(unknown.stderr).toContain('"x" is unknown');
    const bare = await ask(["--url", gateway.url], []);
    expect(bare).toMatchObject({ code: 2, stdout: "" });
    expect(bare.stderr).toContain("POSTERN_KEY");
    for (const url of [
      "http://example.com:4141",
      "ftp://localhost",
      "http://user:pass@localhost:4141",
      "4141",
    ]) {
      const refused = await ask(["--url", url], [], { POSTERN_KEY: GATEWAY_KEY });
      expect(refused).toMatchObject({ code: 2, stdout: "" });
    }
    expect((await runCli(["mcp"])).code).toBe(2);
  });

  it("says that a key is wrong, without saying which it was", async () => {
    const { stdout, code } = await ask(["--url", gateway.url], [call], {
      POSTERN_KEY: "psk-wrong-key-0123456789",
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      id: "a",
      error: { message: expect.stringMatching(/unknown/) },
    });
    expect(stdout).not.toContain("psk-wrong");
  });

  it("answers a line that is no JSON, and goes on", async () => {
    for (const way of [
      ["--url", gateway.url],
      ["--config", configured("e.json", [{ name: "k", key: GATEWAY_KEY }])],
    ]) {
      const { stdout } = await run(
        process.execPath,
        [cliFile, "mcp", ...way],
        { POSTERN_KEY: GATEWAY_KEY },
        `{oops\n${JSON.stringify(call)}\n`,
      );
      expect(stdout).toContain("All at once.");
    }
  });
});
