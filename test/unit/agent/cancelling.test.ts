import { describe, expect, it } from "vitest";
import { createAgent } from "../../../src/copilot/agent";
import type { AgentRun } from "../../../src/core/agent/contract";
import { isThere, muteRuntime } from "../../support/copilot/muteRuntime";
import { temporaryFolder } from "../../support/gateway";
import { eventually, within } from "../../support/waiting";

const host = { onEvent: () => {}, permit: async () => false };

function run(folder: string): AgentRun {
  const gateway = { url: "http://127.0.0.1:9", key: "k" };
  return {
    ...{ prompt: "p", model: "a/m", protocol: "chat", models: [], gateway },
    ...{ folder, task: "agent-1", keep: false },
  };
}

describe("a run whose runtime says nothing any more", () => {
  it.concurrent.each(["connect", "session.create", "session.send"])(
    "can be cancelled at %s",
    async (method) => {
      const { path: folder, remove } = temporaryFolder();
      const runtime = muteRuntime(folder, method);
      const places = { sessions: folder, dataDir: undefined, runtimePath: runtime.path };
      const cancelled = new AbortController();
      const outcome = createAgent(places, process.env).run(run(folder), host, cancelled.signal);
      const pid = await eventually(runtime.pid, `the runtime at ${method}`);
      cancelled.abort();
      expect(await within(outcome, "the end of the run")).toMatchObject({ end: "cancelled" });
      await eventually(() => !isThere(pid), "the end of the runtime");
      remove();
    },
  );
});
