import { describe, expect, it } from "vitest";
import { checkBudgets } from "../../../../src/core/config/budgets";
import { expiryOf, resolveGatewayKey } from "../../../../src/core/config/engineGatewayKey";
import { problemsOf } from "../../../../src/core/config/problems";
import { budgetSchema, gatewayKeySchema } from "../../../../src/core/config/schema";
import { limitsOf } from "../../../../src/core/governance/limits";
import { durationText } from "../../../../src/core/governance/limitText";
import { formatUsd, microUsdOf } from "../../../../src/core/governance/money";
import { recentRange, runsOutAt } from "../../../../src/core/governance/runOut";
import { SlidingWindow } from "../../../../src/core/governance/slidingWindow";

const HASH = `sha256$${"a".repeat(22)}$${"b".repeat(43)}`;

function faults(schema: typeof budgetSchema | typeof gatewayKeySchema, value: object): string[] {
  const parsed = schema.safeParse(value, { reportInput: true });
  return parsed.success ? [] : problemsOf(parsed.error).map(({ path, message }) => `${path}: ${message}`);
}

describe("a budget in the configuration", () => {
  it("is for everything, hard, and warned about from four fifths on, unless it says otherwise", () => {
    expect(budgetSchema.parse({ name: "m", usd: 100, period: "month" })).toEqual({
      name: "m",
      scope: "all",
      usd: 100,
      period: "month",
      hard: true,
      warnAt: 0.8,
      unpriced: "allow",
    });
  });
  it.each([
    [{ name: "m", period: "day" }, [": needs exactly one of usd, tokens and requests"]],
    [{ name: "m", usd: 1, tokens: 1, period: "day" }, [": needs exactly one of usd, tokens and requests"]],
    [{ name: "m", usd: 1 }, ['period: must be one of "minute", "hour", "day", "week", "month", "total"']],
    [
      { name: "m", usd: 1, period: "day", scope: "openai" },
      ['scope: must be "all", or an object such as { "key": "ci" }'],
    ],
    [{ name: "m", usd: 1, period: "day", scope: { model: "gpt" } }, ["scope.model: must be provider/model"]],
    [
      { name: "m", usd: 1, period: "day", scope: { key: "a", tool: "b" } },
      ["scope: needs exactly one of provider, model, key, extension, workspace, label, tool"],
    ],
    [
      { name: "m", usd: 1, period: "day", wat: 1 },
      ["wat: unknown field; it is misspelt or not part of this version"],
    ],
  ])("%j is refused in words", (value, expected) => {
    expect(faults(budgetSchema, value)).toEqual(expected);
  });
  it("is checked by itself, so that a faulty one does not take the others with it", () => {
    const good = { name: "a", usd: 1, period: "day" };
    expect(checkBudgets([good, { ...good, usd: "1" }, good]).map(({ ok }) => ok)).toEqual([
      true,
      false,
      false,
    ]);
    expect(checkBudgets("x")).toMatchObject([{ ok: false, name: "postern.budgets" }]);
    expect(checkBudgets(undefined)).toEqual([]);
  });
});

describe("a gateway key in the configuration", () => {
  it.each([
    [{ name: "ci" }, ["key: needs either key or hash"]],
    [{ name: "ci", key: "a", hash: HASH }, ["key: needs either key or hash"]],
    [{ name: "ci", hash: "md5$x" }, ["hash: is not a gateway key's hash; use 'Postern: New Gateway Key'"]],
    [
      { name: "ci", key: "a", expires: "soon" },
      ["expires: must be a date such as 2027-01-01, or a date and time"],
    ],
    [
      { name: "ci", key: "a", budget: { period: "day" } },
      ["budget: needs an amount: usd, tokens, requests or premiumRequests"],
    ],
  ])("%j is refused in words", (value, expected) => {
    expect(faults(gatewayKeySchema, value)).toEqual(expected);
  });
  it("expires with the beginning of a local day, or at a time", () => {
    expect(expiryOf("2027-01-01")).toBe(new Date(2027, 0, 1).getTime());
    expect(expiryOf("2027-01-01T12:00:00Z")).toBe(Date.UTC(2027, 0, 1, 12));
    expect(expiryOf("2027-01-01T12:00")).toBe(new Date(2027, 0, 1, 12).getTime());
  });
  it("goes to the engine with its reference resolved and everything that limits it", () => {
    const entry = gatewayKeySchema.parse({
      name: "intern",
      key: "${env:INTERN}",
      models: ["ollama/*"],
      expires: "2027-01-01",
      budget: { usd: 5, period: "day" },
      requestsPerMinute: 60,
      labels: { team: "web" },
    });
    expect(resolveGatewayKey(entry, () => " secret ")).toEqual({
      ok: true,
      key: {
        name: "intern",
        key: "secret",
        enabled: true,
        models: ["ollama/*"],
        expiresAt: new Date(2027, 0, 1).getTime(),
        budget: { usd: 5, period: "day" },
        requestsPerMinute: 60,
        labels: { team: "web" },
      },
    });
    expect(resolveGatewayKey(entry, () => undefined)).toMatchObject({ ok: false });
  });
});

describe("limits", () => {
  it("are told apart by what they count, not by how much", () => {
    const budget = (change: object) => budgetSchema.parse({ name: "m", usd: 1, period: "day", ...change });
    const ids = (...budgets: object[]) => budgets.flatMap((one) => limitsOf([budget(one)], [])[0]?.id);
    expect(new Set(ids({}, { usd: 2 }, { hard: false })).size).toBe(1);
    expect(new Set(ids({}, { period: "week" }, { scope: { key: "a" } }, { name: "n" })).size).toBe(4);
  });
  it.each([
    ["/home/ada/api/", "/home/ada/api"],
    ["/home/ada/api", "/home/ada/api"],
    ["c:\\work\\api\\", "c:\\work\\api"],
    ["/", "/"],
    ["c:\\", "c:\\"],
    // VS Code's paths have a small drive letter, other programs' mostly a large one.
    ["C:\\Work\\api", "c:\\Work\\api"],
    ["C:/Work/api/", "c:\\Work\\api"],
    ["C:\\", "c:\\"],
  ])("of the workspace %s count what comes from %s", (workspace, folder) => {
    const budget = budgetSchema.parse({ name: "m", usd: 1, period: "day", scope: { workspace } });
    expect(limitsOf([budget], [])[0]?.scope).toEqual({ kind: "workspace", name: folder });
  });
  it("of a gateway key are one for each amount", () => {
    const budget = { usd: 0.1, tokens: 5, premiumRequests: 2, period: "day" as const };
    const limits = limitsOf([], [{ name: "ci", key: "k", budget }]);
    expect(limits.map(({ measure, amount }) => [measure, amount])).toEqual([
      ["microUsd", 100_000],
      ["tokens", 5],
      ["premiumMilli", 2000],
    ]);
  });
});

describe("money", () => {
  it.each([
    [0, "$0.00"],
    [1, "$0.000001"],
    [1234, "$0.0012"],
    [5000, "$0.005"],
    [10_000, "$0.01"],
    [99_999, "$0.10"],
    [100_000, "$0.10"],
    [1_234_567, "$1.23"],
    [1_234_567_890, "$1,234.57"],
    [-2_500_000, "-$2.50"],
  ])("%d millionths are %s", (micro, text) => {
    expect(formatUsd(micro)).toBe(text);
  });
  it("is kept in whole millionths", () => {
    expect(microUsdOf(0.1 + 0.2)).toBe(300_000);
  });
});

describe("durations", () => {
  it.each([
    [1, "1 second"],
    [90_000, "90 seconds"],
    [120_000, "2 minutes"],
    [3 * 3_600_000, "3 hours"],
    [10.2 * 86_400_000, "11 days"],
  ])("%d ms are %s", (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });
});

describe("when a budget runs out", () => {
  const HOUR = 3_600_000;
  const day = { from: 0, until: 24 * HOUR };
  const recent = (amount: number, requests = 5, hours = 1, earlier = 1) => ({
    range: { from: 10 * HOUR, until: (10 + hours) * HOUR },
    amount,
    requests,
    earlier,
  });
  it("is told by what was spent lately", () => {
    expect(runsOutAt(50, recent(10), day)).toBe(16 * HOUR);
  });
  it("is not told where the period ends first, or where there is too little to tell it by", () => {
    expect(runsOutAt(130, recent(10), day)).toBeUndefined();
    expect(runsOutAt(50, recent(10, 4), day)).toBeUndefined();
    expect(runsOutAt(50, recent(10, 5, 0.1), day)).toBeUndefined();
    expect(runsOutAt(50, recent(10, 5, 1, 0), day)).toBeUndefined();
    expect(runsOutAt(50, recent(0), day)).toBeUndefined();
    expect(runsOutAt(0, recent(10), day)).toBeUndefined();
  });
  it("looks at the last quarter of what has gone by, a week at most", () => {
    const range = (until: number, now: number) => recentRange({ from: 0, until }, now);
    expect(range(24 * HOUR, 8 * HOUR)).toEqual({ from: 6 * HOUR, until: 8 * HOUR });
    expect(range(24 * HOUR, HOUR / 12)).toEqual({ from: 0, until: HOUR / 12 });
    expect(range(31 * 24 * HOUR, 30 * 24 * HOUR)).toEqual({ from: 23 * 24 * HOUR, until: 30 * 24 * HOUR });
    expect(range(4000 * 24 * HOUR, 4000 * 24 * HOUR - HOUR).from).toBe(3993 * 24 * HOUR - HOUR);
  });
});

describe("the last 60 seconds", () => {
  it("are counted from one moment to the next, and say when there is room", () => {
    const window = new SlidingWindow();
    window.add("a", 60, 0);
    window.add("b", 30, 10_000);
    expect(window.used(59_999)).toBe(90);
    expect(window.waitFor(10, 100, 59_999)).toBe(0);
    expect(window.waitFor(11, 100, 20_000)).toBe(40_000);
    expect(window.waitFor(80, 100, 20_000)).toBe(50_000);
    expect(window.used(60_000)).toBe(30);
    window.correct("b", 1);
    window.correct("gone", 1);
    expect(window.used(60_000)).toBe(1);
    // What would never fit waits for nothing but an empty window.
    expect(window.waitFor(1000, 100, 60_000)).toBe(10_000);
    expect(window.waitFor(1000, 100, 70_000)).toBe(0);
  });
});
