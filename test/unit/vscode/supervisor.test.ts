import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type EngineStatus, PROTOCOL_VERSION } from "../../../src/core/rpc/contract";
import { compareVersions } from "../../../src/vscode/common/version";
import { backoffMs } from "../../../src/vscode/engine/backoff";
import { NewerEngineError } from "../../../src/vscode/engine/errors";
import { joinDecision } from "../../../src/vscode/engine/joinDecision";
import type { EngineLink } from "../../../src/vscode/engine/link";
import { EngineSupervisor } from "../../../src/vscode/engine/supervisor";
import { ready } from "./fixtures";

const log = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
const engine = ready();
const status: EngineStatus | undefined = engine.kind === "ready" ? engine.status : undefined;

/** A link whose end is in the test's hands. */
function fakeLink(): { link: EngineLink; lose: () => void } {
  const listeners: (() => void)[] = [];
  const link = {
    version: "0.1.0",
    backlog: [],
    onClose: (listener: () => void) => {
      listeners.push(listener);
      return { dispose() {} };
    },
    on: () => ({ dispose() {} }),
    request: () => Promise.reject(new Error("not part of this test")),
    dispose() {},
  };
  return {
    link: link as unknown as EngineLink,
    lose: () => {
      for (const listener of listeners) listener();
    },
  };
}

describe("the supervisor", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function supervise(start: (patience: number, signal?: AbortSignal) => Promise<EngineLink>): {
    supervisor: EngineSupervisor;
    states: string[];
  } {
    const onJoined = async (): Promise<EngineStatus> => {
      if (!status) throw new Error("no status");
      return status;
    };
    const supervisor = new EngineSupervisor({ joinRunning: async () => "absent", start }, onJoined, log);
    const states: string[] = [];
    supervisor.onDidChange(({ kind }) => states.push(kind));
    return { supervisor, states };
  }

  test("starts nothing by itself", async () => {
    const start = vi.fn(async () => fakeLink().link);
    const { supervisor, states } = supervise(start);
    await supervisor.joinIfRunning();
    expect(start).not.toHaveBeenCalled();
    expect(states).toEqual([]);
    expect(supervisor.state).toEqual({ kind: "idle" });
  });

  test("starts one engine for all who ask at once", async () => {
    const start = vi.fn(async () => fakeLink().link);
    const { supervisor, states } = supervise(start);
    const [a, b] = await Promise.all([supervisor.ensure(), supervisor.ensure()]);
    expect(a).toBe(b);
    expect(start).toHaveBeenCalledTimes(1);
    expect(states).toEqual(["starting", "ready"]);
  });

  test("brings a lost engine back at once, and shows nothing stale meanwhile", async () => {
    const first = fakeLink();
    const starts = [first.link, fakeLink().link];
    const { supervisor, states } = supervise(
      async () => starts.shift() ?? Promise.reject(new Error("none left")),
    );
    await supervisor.ensure();
    vi.advanceTimersByTime(60_000);
    first.lose();
    expect(supervisor.state).toEqual({ kind: "restarting" });
    await vi.advanceTimersByTimeAsync(0);
    expect(states).toEqual(["starting", "ready", "restarting", "ready"]);
  });

  test("tells once that it does not come up, and keeps trying", async () => {
    const start = vi.fn(() => Promise.reject(new Error("no")));
    const { supervisor } = supervise(start);
    const stuck: string[] = [];
    supervisor.onStuck((message) => stuck.push(message));
    await expect(supervisor.ensure()).rejects.toThrow("no");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stuck).toEqual(["no"]);
    expect(supervisor.state).toEqual({ kind: "failed", message: "no" });
    expect(start.mock.calls.length).toBeGreaterThan(10);
    supervisor.dispose();
    const calls = start.mock.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(start.mock.calls.length).toBe(calls);
  });

  test("gives an engine that keeps dying room", async () => {
    const start = vi.fn(async () => {
      const { link, lose } = fakeLink();
      setTimeout(lose, 10);
      return link;
    });
    const { supervisor } = supervise(start);
    await supervisor.ensure();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(start.mock.calls.length).toBeLessThan(40);
    supervisor.dispose();
  });

  test("ends what it waits for when the window goes", async () => {
    let aborted = false;
    const hanging = (_: number, signal?: AbortSignal) =>
      new Promise<EngineLink>((_, reject) => {
        signal?.addEventListener("abort", () => {
          aborted = true;
          reject(new Error("over"));
        });
      });
    const { supervisor, states } = supervise(hanging);
    const asked = expect(supervisor.ensure()).rejects.toThrow("over");
    supervisor.dispose();
    await asked;
    expect(aborted).toBe(true);
    expect(states).toEqual(["starting"]);
  });

  test("lets go of an engine that is being configured when the window goes", async () => {
    const disposed = vi.fn();
    const link = { ...fakeLink().link, dispose: disposed } as unknown as EngineLink;
    const launcher = { joinRunning: async () => "absent" as const, start: async () => link };
    const supervisor = new EngineSupervisor(launcher, () => new Promise<never>(() => {}), log);
    void supervisor.ensure();
    await vi.advanceTimersByTimeAsync(0);
    supervisor.dispose();
    expect(disposed).toHaveBeenCalled();
  });

  test("asks for a reload once, though it is met again", async () => {
    const newer = () => Promise.reject(new NewerEngineError());
    const supervisor = new EngineSupervisor({ joinRunning: newer, start: newer }, newer, log);
    const states: string[] = [];
    supervisor.onDidChange(({ kind }) => states.push(kind));
    await supervisor.joinIfRunning();
    await expect(supervisor.ensure()).rejects.toThrow("Reload");
    expect(states).toEqual(["outdated"]);
  });

  test("shows what its configuration came to, not what was told before it", async () => {
    if (!status) throw new Error("no status");
    const before: EngineStatus = { ...status, running: status.running + 1 };
    let tell = (_: EngineStatus): void => undefined;
    const link = {
      ...fakeLink().link,
      on: (name: string, listener: (value: EngineStatus) => void) => {
        if (name === "statusChanged") tell = listener;
        return { dispose() {} };
      },
    } as unknown as EngineLink;
    const launcher = { joinRunning: async () => "absent" as const, start: async () => link };
    const onJoined = async (): Promise<EngineStatus> => {
      tell(before);
      return status;
    };
    const supervisor = new EngineSupervisor(launcher, onJoined, log);
    await supervisor.ensure();
    expect(supervisor.state).toEqual({ kind: "ready", status });
  });

  test("asks for a reload where a newer engine runs, and leaves it alone", async () => {
    const start = vi.fn(() => Promise.reject(new NewerEngineError()));
    const { supervisor } = supervise(start);
    await expect(supervisor.ensure()).rejects.toThrow("Reload");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(start).toHaveBeenCalledTimes(1);
    expect(supervisor.state).toEqual({ kind: "outdated" });
  });
});

test.each([
  [{ protocolVersion: PROTOCOL_VERSION, version: "1.0.0" }, "join"],
  [{ protocolVersion: PROTOCOL_VERSION, version: "1.1.0" }, "join"],
  [{ protocolVersion: PROTOCOL_VERSION, version: "0.9.9" }, "replace"],
  [{ protocolVersion: PROTOCOL_VERSION - 1, version: "2.0.0" }, "replace"],
  [{ protocolVersion: PROTOCOL_VERSION + 1, version: "0.1.0" }, "reload"],
])("with an engine %j a window of 1.0.0 decides to %s", (other, decision) => {
  expect(joinDecision(other, "1.0.0")).toBe(decision);
});

test.each([
  ["1.2.3", "1.2.3", 0],
  ["1.2.3", "1.10.0", -1],
  ["1.0.0-beta.2", "1.0.0", -1],
  ["1.0.0-beta.2", "1.0.0-beta.10", -1],
  ["1.0.0+a", "1.0.0+b", 0],
])("version %s against %s", (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
  expect(Math.sign(compareVersions(b, a))).toBe(sign === 0 ? 0 : -sign);
});

test("waits longer from failure to failure, never too long, and not in step with others", () => {
  expect(backoffMs(0, 0.5)).toBe(0);
  expect(backoffMs(1, 0)).toBe(50);
  expect(backoffMs(1, 0.999)).toBeLessThanOrEqual(100);
  expect(backoffMs(50, 0.999)).toBeLessThanOrEqual(5000);
});
