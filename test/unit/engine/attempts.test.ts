import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PosternError } from "../../../src/core/errors";
import { AttemptRefused, type Refusal, type RelayOutcome } from "../../../src/engine/relay/relayOutcome";
import type { ResponseRelay } from "../../../src/engine/relay/responseRelay";
import type { Target } from "../../../src/engine/relay/target";
import { Attempts } from "../../../src/engine/routing/attempts";
import { backoffMs } from "../../../src/engine/routing/backoff";
import type { Candidate } from "../../../src/engine/routing/candidate";
import { Health } from "../../../src/engine/routing/health";

/** How a target behaves when it is asked. */
type Play = () => Promise<RelayOutcome>;

const good: RelayOutcome = {
  status: 200,
  end: "complete",
  usage: undefined,
  model: undefined,
  firstByteAt: 1,
  streamedChars: 0,
};
const left = async (): Promise<RelayOutcome> => ({
  ...good,
  status: 0,
  end: "clientLeft",
  firstByteAt: undefined,
});
const refused = (status: number, headers: Refusal["headers"] = {}) => {
  const refusal = { status, headers, body: Buffer.from("{}") };
  return () => Promise.reject(new AttemptRefused(refusal, async () => ({ ...good, status })));
};
const unwell = () => Promise.reject(new PosternError("provider_unreachable", "It does not answer."));

let health: Health;
let changes: number;
let asked: string[];
const plays = new Map<string, Play>();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout"] });
  changes = 0;
  asked = [];
  plays.clear();
  health = new Health(
    () => performance.now(),
    () => {
      changes += 1;
    },
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function candidate(key: string): Candidate {
  const [id = "", model = ""] = key.split("/");
  const target = { provider: { config: { id }, credential: { kind: "none" } }, model: { id: model } };
  return { key, weight: 1, target: target as unknown as Target };
}

/** Sends a request to these targets, and says who answered. */
async function request(keys: readonly string[], limits = { maxAttempts: 4, maxWaitSeconds: 30 }) {
  const attempts = new Attempts(
    health,
    undefined,
    () => limits,
    () => performance.now(),
  );
  await attempts.run({
    candidates: keys.map(candidate),
    patient: true,
    client: { hasLeft: () => false, onLeft: () => () => {} },
    provider: () => undefined,
    start: async ({ provider, model }) => {
      const key = `${provider.config.id}/${model.id}`;
      asked.push(key);
      const settled = (plays.get(key) ?? (async () => good))();
      settled.catch(() => {});
      const begins = () => settled.then(({ end }) => end !== "clientLeft");
      return { settled, begins } as unknown as ResponseRelay;
    },
    tried: () => {},
  });
  return asked.at(-1);
}

describe("attempts", () => {
  it.each([0, 1])("go on to a free target although %i s of patience are used up", async (maxWaitSeconds) => {
    plays.set("one/m", async () => {
      vi.advanceTimersByTime(5_000);
      return unwell();
    });
    expect(await request(["one/m", "two/m"], { maxAttempts: 4, maxWaitSeconds })).toBe("two/m");
  });

  it("do not wait for the request that tries whether a target is back", async () => {
    plays.set("one/m", unwell);
    for (let turn = 0; turn < 3; turn += 1) await request(["one/m", "two/m"]);
    vi.advanceTimersByTime(200_000);
    let answer: (outcome: RelayOutcome) => void = () => {};
    plays.set(
      "one/m",
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const probe = request(["one/m", "two/m"]);
    await vi.waitFor(() => expect(asked.at(-1)).toBe("one/m"));
    expect(await request(["one/m", "two/m"])).toBe("two/m");
    answer(good);
    await probe;
    expect(health.restOf("one/m")).toBeUndefined();
  });

  it("of clients that leave too early say nothing of a target: neither that it fails nor that it does not", async () => {
    const ask = (play: Play) => {
      plays.set("one/m", play);
      return request(["one/m", "two/m"]);
    };
    for (let turn = 0; turn < 5; turn += 1) await ask(left);
    expect(health.restOf("one/m")).toBeUndefined();
    for (const play of [unwell, unwell, left, unwell]) await ask(play);
    expect(health.restOf("one/m")).toContain("failed several times");
    vi.advanceTimersByTime(200_000);
    expect(await ask(left)).toBe("one/m");
    expect(await ask(async () => good)).toBe("two/m");
    vi.advanceTimersByTime(200_000);
    expect(await ask(async () => good)).toBe("one/m");
    expect(health.restOf("one/m")).toBeUndefined();
  });

  it("leave a limited target alone although a stream that ran before comes to a good end", async () => {
    let answer: (outcome: RelayOutcome) => void = () => {};
    plays.set(
      "one/m",
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const early = request(["one/m", "two/m"]);
    await vi.waitFor(() => expect(asked).toEqual(["one/m"]));
    vi.advanceTimersByTime(1_000);
    plays.set("one/m", refused(429, { "retry-after": "60" }));
    expect(await request(["one/m", "two/m"])).toBe("two/m");
    answer(good);
    await early;
    asked = [];
    await request(["one/m", "two/m"]);
    expect(asked).toEqual(["two/m"]);
    vi.advanceTimersByTime(60_000);
    plays.set("one/m", async () => good);
    expect(await request(["one/m", "two/m"])).toBe("one/m");
    expect(health.restOfTarget("one/m", ["default"])).toBeUndefined();
  });

  it("come back to a limited target when what it says to be used up begins anew, where it says nothing else", async () => {
    const headers = {
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "20s",
      "x-ratelimit-remaining-tokens": "149984",
      "x-ratelimit-reset-tokens": "6m0s",
    };
    plays.set("one/m", refused(429, headers));
    await request(["one/m", "two/m"]);
    expect(health.waitOf("one/m#default")).toBe(20_000);
    plays.set("three/m", refused(429, { ...headers, "retry-after": "7" }));
    await request(["three/m", "two/m"]);
    expect(health.waitOf("three/m#default")).toBe(7_000);
  });

  it("are not all spent at once on a provider that says to come back after 0 seconds", async () => {
    plays.set("one/m", refused(429, { "retry-after": "0" }));
    const waiting = request(["one/m"]);
    await vi.advanceTimersByTimeAsync(1_900);
    expect(asked).toEqual(["one/m"]);
    plays.set("one/m", async () => good);
    await vi.advanceTimersByTimeAsync(400);
    expect(await waiting).toBe("one/m");
  });

  it("that wait for the same moment do not all come at once, and none before it", async () => {
    const began = performance.now();
    const times: number[] = [];
    plays.set("one/m", refused(429, { "retry-after": "10" }));
    const all = Promise.all(Array.from({ length: 30 }, () => request(["one/m"])));
    await vi.advanceTimersByTimeAsync(9_000);
    plays.set("one/m", async () => {
      times.push(performance.now() - began);
      return good;
    });
    await vi.advanceTimersByTimeAsync(3_000);
    await all;
    expect(Math.min(...times)).toBeGreaterThanOrEqual(10_000);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(300);
    expect(new Set(times.map((time) => Math.round(time / 10))).size).toBeGreaterThan(15);
  });

  it("that wait do not ask either when the first of them was told to wait on", async () => {
    vi.spyOn(Math, "random").mockReturnValueOnce(0).mockReturnValue(0.9);
    plays.set("one/m", refused(429, { "retry-after": "10" }));
    const all = Promise.all([request(["one/m"]), request(["one/m"])]);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(asked).toHaveLength(3);
    plays.set("one/m", async () => good);
    await vi.advanceTimersByTimeAsync(12_000);
    await all;
    expect(asked).toHaveLength(5);
  });

  it("try a target again in time although the clock was put back by a day", async () => {
    plays.set("one/m", unwell);
    for (let turn = 0; turn < 3; turn += 1) await request(["one/m", "two/m"]);
    plays.set("one/m", async () => good);
    vi.setSystemTime(Date.now() - 24 * 60 * 60_000);
    expect(await request(["one/m", "two/m"])).toBe("two/m");
    vi.advanceTimersByTime(120_000);
    expect(await request(["one/m", "two/m"])).toBe("one/m");
    expect(health.restOf("one/m")).toBeUndefined();
  });

  it("ask a target that was left alone where the others' keys are refused", async () => {
    plays.set("one/m", unwell);
    for (let turn = 0; turn < 3; turn += 1) await request(["one/m", "two/m"]);
    plays.set("one/m", async () => good);
    plays.set("two/m", refused(401));
    expect(await request(["one/m", "two/m"])).toBe("one/m");
  });

  it("ask a target that was left alone where the others are limited for longer than anybody waits", async () => {
    plays.set("one/m", unwell);
    for (let turn = 0; turn < 3; turn += 1) await request(["one/m", "two/m"]);
    plays.set("one/m", async () => good);
    plays.set("two/m", refused(429, { "retry-after": "600" }));
    // The first hears of the limit, the second knows of it.
    for (let turn = 0; turn < 2; turn += 1) expect(await request(["one/m", "two/m"])).toBe("one/m");
  });

  it("never begin again at once where nobody waits", () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    for (let failures = 1; failures < 5; failures += 1) expect(backoffMs(failures)).toBeGreaterThan(0);
  });
});

describe("health", () => {
  it("tells when a pause is over, once for each", () => {
    health.limited("one/m#default", 5_000);
    health.limited("two/m#default", 9_000);
    expect(changes).toBe(2);
    expect(health.restOfTarget("one/m", ["default"])).toBe("the provider limits it");
    vi.advanceTimersByTime(5_001);
    expect(changes).toBe(3);
    expect(health.restOfTarget("one/m", ["default"])).toBeUndefined();
    expect(health.restOfTarget("two/m", ["default"])).toBe("the provider limits it");
    vi.advanceTimersByTime(60_000);
    expect(changes).toBe(4);
  });

  it("counts requests that were on their way together as one, and keeps to the longest that it was told", () => {
    const began = performance.now();
    vi.advanceTimersByTime(100);
    for (let request = 0; request < 10; request += 1) health.refused("one#a", 401, began);
    expect(health.waitOf("one#a")).toBe(60_000);
    health.limited("one/m#a", 30_000, began);
    for (let request = 0; request < 10; request += 1) health.limited("one/m#a", undefined, began);
    expect(health.waitOf("one/m#a")).toBe(30_000);
    vi.advanceTimersByTime(60_000);
    health.refused("one#a", 401);
    expect(health.waitOf("one#a")).toBe(120_000);
  });

  it("holds nothing against a new key that the old one was refused for", () => {
    const began = performance.now();
    vi.advanceTimersByTime(100);
    health.forget("one");
    health.refused("one#default", 401, began);
    health.limited("one/m#default", 60_000, began);
    expect(health.restOfTarget("one/m", ["default"])).toBeUndefined();
    health.refused("one#default", 401);
    expect(health.restOfTarget("one/m", ["default"])).toContain("refused the key");
  });

  it("takes no longer over a refusal when very many others were refused: names are the clients' to choose", () => {
    vi.useRealTimers();
    const real = new Health(
      () => performance.now(),
      () => {},
    );
    for (let name = 0; name < 20_000; name += 1) real.limited(`one/m${name}#default`, 3_600_000);
    const began = performance.now();
    for (let name = 0; name < 1_000; name += 1) real.limited(`two/m${name}#default`, 60_000);
    expect(performance.now() - began).toBeLessThan(500);
    expect(real.restOf("two/m999#default")).toBe("the provider limits it");
    real.forget("one");
    real.forget("two");
  });

  it("begins anew with whom nothing was heard of for long", () => {
    health.refused("one#a", 401);
    vi.advanceTimersByTime(60_001);
    health.refused("one#a", 401);
    expect(health.waitOf("one#a")).toBe(120_000);
    vi.advanceTimersByTime(2 * 60 * 60_000);
    health.refused("one#a", 401);
    expect(health.waitOf("one#a")).toBe(60_000);
  });

  it("says of a target that it rests once each of its keys does", () => {
    health.limited("one/m#a", 5_000);
    expect(health.restOfTarget("one/m", ["a", "b"])).toBeUndefined();
    health.refused("one#b", 401);
    expect(health.restOfTarget("one/m", ["a", "b"])).toBe("the provider limits it");
    expect(health.restOfTarget("one/other", ["a", "b"])).toBeUndefined();
  });
});
