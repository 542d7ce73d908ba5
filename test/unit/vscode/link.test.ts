import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MessageConnection } from "vscode-jsonrpc/node";
import { EngineHungError } from "../../../src/vscode/engine/errors";
import { EngineLink } from "../../../src/vscode/engine/link";

/** A connection to an engine that takes everything in and says nothing. */
function silent(): MessageConnection {
  return {
    onClose: () => ({ dispose() {} }),
    onDispose: () => ({ dispose() {} }),
    sendRequest: () => new Promise(() => {}),
    dispose() {},
  } as unknown as MessageConnection;
}

describe("the link to an engine that hangs", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test.each(["configure", "status", "drain", "startGateway", "stopGateway"] as const)(
    "gives it up where %s is not answered",
    async (method) => {
      const link = new EngineLink(silent(), "0.1.0", []);
      let closed = false;
      link.onClose(() => {
        closed = true;
      });
      const asked = expect(link.request(method, {} as never)).rejects.toBeInstanceOf(EngineHungError);
      await vi.advanceTimersByTimeAsync(5000);
      expect(closed).toBe(false);
      await vi.advanceTimersByTimeAsync(60_000);
      await asked;
      expect(closed).toBe(true);
    },
  );

  test.each(["exportAudit", "removeAudit", "verifyAudit"] as const)(
    "waits for %s however long the audit is",
    async (method) => {
      const link = new EngineLink(silent(), "0.1.0", []);
      const settled = vi.fn();
      link.onClose(settled);
      link.request(method, {} as never).then(settled, settled);
      await vi.advanceTimersByTimeAsync(120_000);
      expect(settled).not.toHaveBeenCalled();
    },
  );

  test("waits for a provider as long as the engine does", async () => {
    const link = new EngineLink(silent(), "0.1.0", []);
    const settled = vi.fn();
    link.request("testProvider", {} as never).then(settled, settled);
    link.request("refreshModels", { providerId: "a" }).then(settled, settled);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(settled).not.toHaveBeenCalled();
  });
});
