import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { PosternError } from "../../../src/core/errors";
import { callerHeaders, callerOfHeaders } from "../../../src/core/rpc/callerHeaders";
import { temporaryFolder } from "../../support/gateway";
import { estimate, Governed } from "../../support/governed";
import { caller, record } from "../../support/records";

const NOON = new Date(2026, 6, 15, 12).getTime();
const folder = temporaryFolder();
const open: Governed[] = [];
let folders = 0;

afterEach(() => {
  for (const { ledger } of open.splice(0)) ledger.close();
});
afterAll(() => folder.remove());

function governed(path: string | undefined = undefined, at = NOON): Governed {
  const made = new Governed(path, at);
  open.push(made);
  return made;
}

function newFolder(): string {
  folders += 1;
  return join(folder.path, String(folders));
}

function refusal(work: () => unknown): PosternError {
  try {
    work();
  } catch (error) {
    if (error instanceof PosternError) return error;
    throw error;
  }
  throw new Error("it was let through");
}

describe.each(["on disk", "in memory"])("a budget, %s", (where) => {
  const start = (at = NOON) => governed(where === "on disk" ? newFolder() : undefined, at);

  it("holds what a request may cost until it is settled with what it has cost", () => {
    const gov = start();
    gov.configure([{ name: "day", usd: 0.025, period: "day" }]);
    const first = gov.request();
    const reservation = gov.governor.admit(first);
    gov.governor.admit(gov.request());
    const { code, status, message, retryAfterSeconds } = refusal(() => gov.governor.admit(gov.request()));
    expect({ code, status, retryAfterSeconds }).toEqual({
      code: "budget_exceeded",
      status: 429,
      retryAfterSeconds: 5,
    });
    expect(message).toContain('Budget "day" allows $0.025: $0.00 are spent, $0.02 are set aside');
    gov.governor.settle(reservation, gov.answered(first, 1000));
    expect(() => gov.governor.admit(gov.request())).not.toThrow();
  });

  it("refuses with the time at which it begins anew, and begins anew then", () => {
    const gov = start();
    gov.configure([{ name: "day", usd: 0.011, period: "day" }]);
    const first = gov.request();
    gov.governor.settle(gov.governor.admit(first), gov.answered(first, 5000));
    const { message, retryAfterSeconds } = refusal(() => gov.governor.admit(gov.request()));
    expect(retryAfterSeconds).toBe(12 * 60 * 60);
    expect(message).toContain("$0.005 are spent. This request may take up to $0.01.");
    expect(message).toContain("It begins anew at 2026-07-16 00:00 (in 12 hours).");
    expect(message).toContain('"Postern: Raise Budget"');
    gov.pass(12 * 60 * 60 * 1000);
    expect(() => gov.governor.admit(gov.request())).not.toThrow();
  });

  it("that never begins anew says so and gives no time to try again", () => {
    const gov = start();
    gov.configure([{ name: "trial", requests: 1, period: "total" }]);
    gov.governor.admit(gov.request());
    const first = gov.request();
    gov.governor.settle(undefined, gov.answered(first, 1));
    const { message, retryAfterSeconds } = refusal(() => gov.governor.admit(gov.request()));
    expect(retryAfterSeconds).toBeUndefined();
    expect(message).toContain("It never begins anew.");
  });

  it("is not overrun by a hundred requests at once, some of which fall back", () => {
    const gov = start();
    gov.configure([
      { name: "all", usd: 0.3, period: "day" },
      { name: "other", scope: { provider: "other" }, usd: 0.05, period: "day" },
    ]);
    const admitted = Array.from({ length: 100 }, () => gov.request()).flatMap((request) => {
      try {
        return [{ request, reservation: gov.governor.admit(request) }];
      } catch {
        return [];
      }
    });
    expect(admitted).toHaveLength(30);
    // Half of them go on at another provider, whose own budget has room for five.
    const moved = admitted.slice(0, 15).filter(({ reservation }) => {
      try {
        gov.governor.retarget(reservation, { provider: "other", model: "m", estimate: estimate() });
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: "budget_exceeded" });
        return false;
      }
    });
    expect(moved).toHaveLength(5);
    for (const { request, reservation } of admitted) {
      gov.governor.settle(reservation, gov.answered(request, 10_000));
      gov.governor.settle(reservation, gov.answered(request, 10_000));
    }
    const [all] = gov.governor.status().limits;
    expect(all).toMatchObject({ spent: 300_000, reserved: 0, amount: 300_000 });
    expect(() => gov.governor.admit(gov.request())).toThrow("$0.30 are spent");
  });

  it("counts a moved request once, at its new target", () => {
    const gov = start();
    gov.configure([
      { name: "all", usd: 0.01, period: "day" },
      { name: "first", scope: { provider: "openai" }, usd: 1, period: "day" },
      { name: "second", scope: { provider: "other" }, usd: 1, period: "day" },
    ]);
    const reservation = gov.governor.admit(gov.request());
    gov.governor.retarget(reservation, { provider: "other", model: "m", estimate: estimate() });
    expect(gov.governor.status().limits.map(({ reserved }) => reserved)).toEqual([10_000, 0, 10_000]);
    expect(() =>
      gov.governor.retarget(reservation, {
        provider: "other",
        model: "big",
        estimate: estimate({ microUsd: 10_001 }),
      }),
    ).toThrow('Budget "all"');
    expect(gov.governor.status().limits.map(({ reserved }) => reserved)).toEqual([10_000, 0, 10_000]);
  });

  it("counts what was spent before it was set", () => {
    const gov = start();
    gov.configure([]);
    const before = gov.request();
    gov.governor.settle(gov.governor.admit(before), gov.answered(before, 90_000));
    gov.configure([{ name: "new", usd: 0.095, period: "month" }]);
    expect(() => gov.governor.admit(gov.request())).toThrow("$0.09 are spent");
  });

  it("lets a soft budget pass with a word of warning", () => {
    const gov = start();
    gov.configure([{ name: "soft", usd: 0.02, period: "day", hard: false, warnAt: 0.5 }]);
    const warnings = [1, 2, 3].map(() => gov.governor.admit(gov.request()).warnings);
    expect(warnings[0]?.[0]).toMatch(/^Budget "soft" is used to 0 %/);
    expect(warnings[1]?.[0]).toMatch(/^Budget "soft" is used to 50 %/);
    expect(warnings[2]?.[0]).toMatch(/^Budget "soft" is used up: \$0.02 of \$0.02/);
  });

  it.each([
    [{ provider: "openai" }, true],
    [{ provider: "other" }, false],
    [{ model: "openai/gpt-small" }, true],
    [{ model: "openai/gpt" }, false],
    [{ key: "ci" }, true],
    [{ key: "other" }, false],
    [{ workspace: "/w/repo" }, true],
    [{ workspace: "/w" }, false],
    [{ label: "team=web" }, true],
    [{ label: "team=app" }, false],
    [{ extension: "ci" }, false],
  ])("for %j counts a request: %s", (scope, counts) => {
    const gov = start();
    gov.configure([{ name: "b", scope, requests: 0, period: "day" }]);
    const caller = { labels: { team: "web" }, workspace: { folder: "/w/repo" } };
    const admit = () => gov.governor.admit(gov.request({ caller }));
    if (counts) expect(admit).toThrow('Budget "b"');
    else expect(admit).not.toThrow();
  });

  it("stops VS Code's requests like any other", () => {
    const gov = start();
    gov.configure([{ name: "b", scope: { extension: "github.copilot-chat" }, requests: 0, period: "day" }]);
    const caller = { kind: "vscode", name: "github.copilot-chat" } as const;
    expect(() => gov.governor.admit(gov.request({ caller }))).toThrow('Budget "b"');
    // A gateway key of the same name is somebody else.
    expect(() => gov.governor.admit(gov.request({ caller: { name: "github.copilot-chat" } }))).not.toThrow();
  });

  it.each([
    ["github.copilot-chat", "GitHub.copilot-chat"],
    ["GitHub.copilot-chat", "github.copilot-chat"],
  ])("for the extension %s stops %s: VS Code does not tell cases apart in ids", (extension, asks) => {
    const gov = start();
    gov.configure([{ name: "b", scope: { extension }, requests: 0, period: "day" }]);
    const headers = callerHeaders({ caller: asks });
    const caller = callerOfHeaders((name) => headers[name]);
    expect(() => gov.governor.admit(gov.request({ caller }))).toThrow('Budget "b"');
  });

  it("in dollars lets through what has no price, with a warning and uncounted, unless it is to refuse", () => {
    const gov = start();
    const unpriced = { inputTokens: 10, maxOutputTokens: 10 };
    gov.configure([{ name: "m", usd: 1, period: "month" }]);
    const request = gov.request({ estimate: unpriced });
    const reservation = gov.governor.admit(request);
    expect(reservation.warnings[0]).toMatch(/cannot count this request.*price is not known/);
    const { cost: _, ...row } = gov.answered(request, 1);
    gov.governor.settle(reservation, row);
    expect(gov.governor.status().limits[0]).toMatchObject({ spent: 0, uncounted: 1 });
    gov.configure([{ name: "m", usd: 1, period: "month", unpriced: "refuse" }]);
    const error = refusal(() => gov.governor.admit(gov.request({ estimate: unpriced })));
    expect(error).toMatchObject({ code: "budget_exceeded", status: 403 });
    gov.configure([{ name: "m", tokens: 100, period: "month", unpriced: "refuse" }]);
    expect(() => gov.governor.admit(gov.request({ estimate: unpriced }))).not.toThrow();
  });

  it("counts a day in which the clock was set back once, and not twice", () => {
    const gov = start();
    gov.configure([{ name: "day", requests: 2, period: "day" }]);
    for (const _ of [1, 2]) {
      const request = gov.request();
      gov.governor.settle(gov.governor.admit(request), gov.answered(request, 1));
      gov.clock.now -= 3 * 60 * 60 * 1000;
    }
    expect(() => gov.governor.admit(gov.request())).toThrow('Budget "day"');
  });

  it("judges a request by the day in which it began, however late it is sent", () => {
    const gov = start(new Date(2026, 6, 15, 23, 59, 59, 900).getTime());
    gov.configure([{ name: "day", requests: 1, period: "day" }]);
    const late = gov.request();
    gov.governor.admit(gov.request());
    gov.pass(200);
    expect(() => gov.governor.admit(late)).toThrow('Budget "day"');
    expect(() => gov.governor.admit(gov.request())).not.toThrow();
  });

  it("charges a request that nobody has told the usage of with what was set aside, as estimated", () => {
    const gov = start();
    gov.configure([{ name: "day", usd: 1, period: "day" }]);
    const settle = (change: object) => {
      const request = gov.request();
      const { usage: _, usageBasis: __, cost: ___, ...row } = gov.answered(request, 1);
      gov.governor.settle(gov.governor.admit(request), { ...row, ...change });
      return gov.governor.status().limits[0];
    };
    expect(settle({ outcome: "clientLeft", status: 200 })).toMatchObject({
      spent: 10_000,
      estimated: 10_000,
    });
    expect(settle({ outcome: "failed", status: 502 })).toMatchObject({ spent: 10_000 });
    expect(settle({ outcome: "clientLeft", status: 0 })).toMatchObject({ spent: 10_000 });
    expect(settle({})).toMatchObject({ spent: 20_000, estimated: 20_000, reserved: 0 });
  });
});

describe("a gateway key", () => {
  it("may use what its patterns say, and whatever its routes lead to", () => {
    const gov = governed();
    gov.configure([], [{ name: "ci", key: "k", models: ["ollama/*", "fast", "gpt-5*"] }]);
    const admit = (provider: string, model: string, route?: string) => () =>
      gov.governor.admit(gov.request({ provider, model, ...(route === undefined ? {} : { route }) }));
    expect(admit("ollama", "qwen3")).not.toThrow();
    expect(admit("azure", "gpt-5.4")).not.toThrow();
    expect(admit("claude", "opus", "fast")).not.toThrow();
    const error = refusal(admit("claude", "opus"));
    expect(error).toMatchObject({ code: "model_not_allowed", status: 403 });
    expect(error.message).toContain("ollama/*, fast, gpt-5*");
    const reservation = gov.governor.admit(gov.request({ provider: "ollama", model: "qwen3" }));
    expect(() =>
      gov.governor.retarget(reservation, { provider: "claude", model: "opus", estimate: estimate() }),
    ).toThrow("may not use claude/opus");
  });

  it("that may use a provider may not use another's models that begin with its name", () => {
    const gov = governed();
    gov.configure([], [{ name: "ci", key: "k", models: ["openai/gpt-*", "meta/llama*", "openai/fast"] }]);
    const allows = (provider: string, model: string, route?: string) =>
      gov.governor.allows(caller(), { provider, model, ...(route === undefined ? {} : { route }) });
    expect(allows("openai", "gpt-5.4")).toBe(true);
    expect(allows("openrouter", "openai/gpt-5.4")).toBe(false);
    // There is no provider of that name, so it can only be a part of the model's.
    expect(allows("openrouter", "meta/llama-4")).toBe(true);
    expect(allows("openrouter", "x", "openai/fast")).toBe(true);
  });

  it("has a budget in each of its amounts, premium requests by a count of their own", () => {
    const gov = governed();
    const budget = { usd: 1, premiumRequests: 2, period: "day" as const };
    gov.configure([], [{ name: "ci", key: "k", budget }]);
    const premium = () => gov.governor.admit(gov.request({ estimate: estimate({ premiumRequests: 1.5 }) }));
    premium();
    expect(premium).toThrow(
      'The premium request budget of gateway key "ci" allows 2 premium requests: 0 premium requests are spent, 1.5 premium requests are set aside',
    );
    expect(() => gov.governor.admit(gov.request())).not.toThrow();
    expect(() => gov.governor.admit(gov.request({ caller: { name: "other" } }))).not.toThrow();
  });

  it("may ask so often in any 60 seconds, whatever the clock says, and is told when again", () => {
    const gov = governed();
    gov.configure([], [{ name: "ci", key: "k", requestsPerMinute: 2 }]);
    gov.governor.admit(gov.request());
    gov.pass(20_000);
    gov.governor.admit(gov.request());
    gov.clock.now += 24 * 60 * 60 * 1000;
    const error = refusal(() => gov.governor.admit(gov.request()));
    expect(error).toMatchObject({ code: "rate_limited", status: 429, retryAfterSeconds: 40 });
    gov.clock.now -= 48 * 60 * 60 * 1000;
    gov.clock.monotonic += 40_000;
    gov.governor.admit(gov.request());
    expect(refusal(() => gov.governor.admit(gov.request())).retryAfterSeconds).toBe(20);
  });

  it("may use so many tokens in any 60 seconds, by what was really used once that is known", () => {
    const gov = governed();
    gov.configure([], [{ name: "ci", key: "k", tokensPerMinute: 3000 }]);
    const first = gov.request();
    const reservation = gov.governor.admit(first);
    expect(refusal(() => gov.governor.admit(gov.request())).code).toBe("rate_limited");
    gov.governor.settle(reservation, gov.answered(first, 1));
    gov.governor.admit(gov.request());
    expect(gov.governor.status().rates).toEqual([{ key: "ci", measure: "tokens", limit: 3000, used: 2015 }]);
    gov.pass(60_000);
    const huge = gov.request({ estimate: estimate({ inputTokens: 50_000 }) });
    expect(() => gov.governor.admit(huge)).not.toThrow();
  });

  it("that is refused by a budget has not used up its rate", () => {
    const gov = governed();
    gov.configure(
      [{ name: "none", usd: 0, period: "day" }],
      [{ name: "ci", key: "k", requestsPerMinute: 1 }],
    );
    expect(() => gov.governor.admit(gov.request())).toThrow('Budget "none"');
    gov.configure([], [{ name: "ci", key: "k", requestsPerMinute: 1 }]);
    expect(() => gov.governor.admit(gov.request())).not.toThrow();
  });
});

describe("what a person is told", () => {
  it("is told once for each threshold, by the window that comes first", () => {
    const gov = governed();
    gov.configure([{ name: "day", usd: 0.02, period: "day", warnAt: 0.5 }]);
    const spend = () => {
      const request = gov.request();
      gov.governor.settle(gov.governor.admit(request), gov.answered(request, 10_000));
    };
    expect(gov.governor.status().notices).toEqual([]);
    spend();
    const [warning] = gov.governor.status().notices;
    expect(warning).toMatchObject({ level: "warning", name: "day", of: "budget" });
    expect(warning?.text).toContain('Budget "day" is used to 50 %: $0.01 of $0.02 a day.');
    expect([1, 2].map(() => gov.governor.claimNotice(warning?.id ?? ""))).toEqual([true, false]);
    expect(gov.governor.status().notices).toEqual([]);
    spend();
    const [reached] = gov.governor.status().notices;
    expect(reached).toMatchObject({ level: "reached" });
    gov.governor.claimNotice(reached?.id ?? "");
    expect(() => spend()).toThrow('Budget "day"');
    expect(gov.governor.status().notices).toEqual([]);
    // Raised and used up again is news, and so is the next day.
    gov.configure([{ name: "day", usd: 0.03, period: "day", warnAt: 0.5 }]);
    spend();
    expect(gov.governor.status().notices.map(({ level }) => level)).toEqual(["reached"]);
    gov.pass(24 * 60 * 60 * 1000);
    expect(gov.governor.status().notices).toEqual([]);
  });

  it("tells when a budget runs out at the present rate, once there is enough to tell it by", () => {
    const gov = governed(undefined, new Date(2026, 6, 15, 8).getTime());
    gov.configure([{ name: "day", usd: 1, period: "day" }]);
    const spend = (microUsd: number) => {
      const request = gov.request();
      gov.governor.settle(gov.governor.admit(request), gov.answered(request, microUsd));
    };
    for (let index = 0; index < 5; index += 1) spend(100_000);
    // All of it came just now: that is no rate.
    expect(gov.governor.status().limits[0]?.runsOutAt).toBeUndefined();
    gov.pass(2 * 60 * 60 * 1000 - 60_000);
    // 7:15 to 9:59 is looked at: half a dollar in 164 minutes, so the other half lasts as long again.
    const at = gov.governor.status().limits[0]?.runsOutAt;
    expect(at).toBe(gov.clock.now + 164 * 60_000);
  });

  it("knows what providers say of their quotas until that says nothing any more", () => {
    const gov = governed();
    gov.configure([]);
    const headers = {
      "x-ratelimit-limit-requests": "100",
      "x-ratelimit-remaining-requests": "40",
      "x-ratelimit-reset-requests": "30s",
    };
    gov.governor.observe({ provider: "openai", model: "gpt", credential: "key 1", headers, status: 429 });
    gov.governor.observe({ provider: "gone", credential: "key 1", headers, status: 200 });
    expect(gov.governor.status().quotas).toEqual([
      {
        provider: "openai",
        model: "gpt",
        credential: "key 1",
        unit: "requests",
        limit: 100,
        remaining: 40,
        resetsAt: NOON + 30_000,
        basis: "reported",
        at: NOON,
      },
    ]);
    gov.pass(30_000);
    expect(gov.governor.status().quotas).toEqual([]);
  });

  it("is what is left in each currency, where a provider tells several", () => {
    const gov = governed();
    gov.configure([]);
    const money = { unit: "money", basis: "reported" } as const;
    const left = (cny: number, usd: number) => [
      { ...money, currency: "CNY", remaining: cny },
      { ...money, currency: "USD", remaining: usd },
    ];
    const from = { provider: "openai", credential: "" };
    gov.governor.takeQuotas(left(110_000_000, 0), from);
    gov.governor.takeQuotas(left(109_000_000, 0), from);
    expect(gov.governor.quotasNow()).toMatchObject(left(109_000_000, 0));
  });
});

describe("time zones", () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it.each([
    ["Europe/Berlin", "2026-03-29T00:30:00+01:00", 22.5],
    ["Europe/Berlin", "2026-10-25T00:30:00+02:00", 24.5],
    ["America/New_York", "2026-11-01T00:30:00-04:00", 24.5],
    ["Asia/Kolkata", "2026-07-15T00:30:00+05:30", 23.5],
    ["Pacific/Kiritimati", "2026-07-15T00:30:00+14:00", 23.5],
  ])("a budget of a day in %s that began at %s lasts %d hours more", (name, begin, hours) => {
    process.env.TZ = name;
    const gov = governed(undefined, Date.parse(begin));
    gov.configure([{ name: "day", requests: 1, period: "day" }]);
    gov.governor.admit(gov.request());
    gov.pass(hours * 60 * 60 * 1000 - 1);
    expect(() => gov.governor.admit(gov.request())).toThrow('Budget "day"');
    gov.pass(1);
    expect(() => gov.governor.admit(gov.request())).not.toThrow();
  });
});

it.each([
  ["to a target that has a budget", "anthropic", "openai"],
  ["away from a target that has a budget", "openai", "anthropic"],
])("a request that moved %s leaves no note behind for other engines when it has ended", (_, from, to) => {
  const gov = governed(newFolder());
  gov.configure([{ name: "b", scope: { provider: "openai" }, usd: 5, period: "day" }]);
  const request = gov.request({ provider: from });
  const reservation = gov.governor.admit(request);
  gov.governor.retarget(reservation, { ...request, provider: to });
  gov.governor.settle(reservation, gov.answered({ ...request, provider: to }, 1000));
  gov.ledger.flush();
  const notes = gov.ledger.onDatabase((database) => database.prepare("SELECT id FROM open_requests").all());
  expect(notes).toEqual([]);
});

it("a record that was refused is written without a reservation", () => {
  const gov = governed(newFolder());
  gov.configure([{ name: "day", requests: 1, period: "day" }]);
  gov.governor.settle(undefined, record({ outcome: "refused", status: 429, startedAt: NOON }));
  expect(gov.governor.status().limits[0]).toMatchObject({ spent: 0 });
  expect(gov.governor.status().today).toMatchObject({ refused: 1, requests: 0 });
});
