import { tmpdir } from "node:os";
import { expect, test, vi } from "vitest";
import type { ExtensionContext } from "vscode";
import type { EngineConfig } from "../../../src/core/config/engineConfig";
import type { EngineLink } from "../../../src/vscode/engine/link";
import { EngineSession } from "../../../src/vscode/engine/session";
import type { EngineState } from "../../../src/vscode/engine/state";
import { EMPTY_STATE, StateStore } from "../../../src/vscode/state";
import { createEngine } from "../../../src/vscode/wiring/engine";
import type { Storage } from "../../../src/vscode/wiring/storage";
import { eventually } from "../../support/waiting";
import { ready } from "./fixtures";

vi.mock("vscode", () => ({ window: {}, commands: {} }));
let link: EngineLink;
vi.mock("../../../src/vscode/engine/handshake", () => ({
  joinEngine: async () => ({ link, decision: "join" }),
}));

const nobody = { knows: () => false, renew: async () => false };
const log = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };

test("what is changed while the engine is being joined reaches it all the same", async () => {
  const configured: number[] = [];
  let answer = (): void => {};
  const engine = ready();
  const status = engine.kind === "ready" ? engine.status : undefined;
  link = {
    version: "0.1.0",
    backlog: [],
    onClose: () => ({ dispose() {} }),
    on: () => ({ dispose() {} }),
    dispose() {},
    request: async (method: string, config: EngineConfig) => {
      if (method !== "configure") return status;
      configured.push(config.gateway.port);
      if (configured.length === 1) {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      }
      return status;
    },
  } as unknown as EngineLink;
  let port = 1;
  const storage = {
    boot: async () => ({ token: "", pipePath: "", dataDir: "" }),
    notedPipe: async () => undefined,
    desired: async () => ({ config: { gateway: { port } }, local: EMPTY_STATE.local }),
  } as unknown as Storage;
  const context = {
    asAbsolutePath: (path: string) => path,
    globalStorageUri: { fsPath: tmpdir() },
  } as unknown as ExtensionContext;
  const parts = createEngine(context, storage, new StateStore(EMPTY_STATE), nobody, log);
  try {
    const joining = parts.supervisor.joinIfRunning();
    await eventually(() => configured.length === 1, "the first configuration");
    port = 2;
    await parts.sync.flush();
    expect(configured).toEqual([1]);
    answer();
    await joining;
    await eventually(() => configured.at(-1) === 2, "the changed configuration", 2000);
  } finally {
    parts.disposables.dispose();
  }
});

test("a gateway that runs when it is joined is wanted, even if the configuration makes it fail", async () => {
  const failed = ready({ gateway: { state: "failed", code: "port_in_use", message: "taken", port: 1 } });
  const link = (before: EngineState, after: EngineState) =>
    ({
      backlog: [],
      on: () => ({ dispose() {} }),
      request: async (method: string) => {
        const engine = method === "status" ? before : after;
        return engine.kind === "ready" ? engine.status : undefined;
      },
    }) as unknown as EngineLink;
  const joined = async (before: EngineState, after: EngineState): Promise<boolean> => {
    const session = new EngineSession(async () => ({}) as EngineConfig, log, nobody);
    await session.bringUp(link(before, after));
    return session.wantsGateway;
  };
  expect(await joined(ready(), failed)).toBe(true);
  // Another window has wanted it, and has told why it does not run.
  expect(await joined(failed, failed)).toBe(false);
});
