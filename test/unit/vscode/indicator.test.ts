import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type BudgetConfig, budgetSchema } from "../../../src/core/config/schema";
import { type Limit, limitsOf } from "../../../src/core/governance/limits";
import type { ProviderQuota } from "../../../src/core/governance/quota";
import { NO_TOTALS } from "../../../src/core/governance/spend";
import { indicatorsOf } from "../../../src/vscode/render/indicator";
import { renderStatusBar } from "../../../src/vscode/render/statusBar";
import { percentText, textBar } from "../../../src/vscode/render/textBar";
import { entry, limitsStatus, NOON, ready, state } from "./fixtures";

function limit(change: object): Limit {
  const budget: BudgetConfig = budgetSchema.parse({ name: "month", usd: 100, period: "month", ...change });
  const [made] = limitsOf([budget], []);
  if (!made) throw new Error("no limit");
  return made;
}

function quota(change: Partial<ProviderQuota> = {}): ProviderQuota {
  return {
    provider: "openai",
    credential: "",
    unit: "requests",
    limit: 100,
    remaining: 40,
    basis: "reported",
    at: NOON,
    ...change,
  };
}

const HOUR = 3_600_000;

/** Everything that the hover can say, once. */
const everything = limitsStatus(
  [
    {
      ...limit({}),
      spent: 62_000_000,
      estimated: 1_200_000,
      reserved: 3_000_000,
      uncounted: 2,
      runsOutAt: new Date(2026, 10, 25, 14).getTime(),
    },
    {
      ...limit({
        name: "tokens",
        scope: { model: "openai/gpt-5" },
        usd: undefined,
        tokens: 1_000_000,
        hard: false,
      }),
      spent: 950_000,
    },
    {
      ...limit({
        name: "trial",
        usd: undefined,
        requests: 10,
        period: "total",
        scope: { label: "team=web" },
      }),
      spent: 2,
      until: 8_640_000_000_000_000,
    },
    ...limitsOf([], [{ name: "intern", budget: { usd: 5, period: "day" } }]),
  ],
  {
    rates: [
      { key: "intern", measure: "requests", limit: 60, used: 12 },
      { key: "intern", measure: "tokens", limit: 100_000, used: 40_000 },
    ],
    quotas: [
      quota({ model: "gpt-5", credential: "key 1", window: "day", resetsAt: NOON + 5 * HOUR }),
      quota({
        provider: "claude",
        unit: "share",
        name: "5h",
        limit: 1,
        remaining: 0.25,
        resetsAt: NOON + HOUR,
        at: NOON - 10 * 60_000,
      }),
      quota({
        provider: "deepseek",
        unit: "money",
        currency: "CNY",
        remaining: 110_000_000,
      }) as ProviderQuota,
      quota({
        provider: "router",
        unit: "money",
        currency: "USD",
        limit: 100_000_000,
        remaining: 74_500_000,
        window: "month",
      }),
    ].map(({ limit: most, ...rest }) =>
      rest.provider === "deepseek" ? rest : { ...rest, ...(most === undefined ? {} : { limit: most }) },
    ),
    today: {
      ...NO_TOTALS,
      requests: 12,
      inputTokens: 30_000,
      outputTokens: 4500,
      microUsd: 420_000,
      estimatedMicroUsd: 20_000,
      unpriced: 1,
      refused: 3,
    },
    month: { ...NO_TOTALS, requests: 120, inputTokens: 300_000, outputTokens: 45_000, microUsd: 62_000_000 },
  },
);

/** The golden renderings; `UPDATE_GOLDEN=1` writes them anew, to be looked at. */
function golden(name: string, text: string): void {
  const file = join(import.meta.dirname, "golden", `${name}.md`);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, `${text}\n`);
  expect(`${text}\n`).toBe(readFileSync(file, "utf8"));
}

describe("the quota indicator", () => {
  test("says everything in its hover", () => {
    const view = renderStatusBar(state(ready({ limits: everything }), { providers: [entry()] }));
    golden("indicator-everything", view.tooltipMarkdown);
    expect(view).toMatchObject({ text: "$(shield) Postern: 50,000 tokens left", severity: "warning" });
    expect(view.accessibilityLabel).toMatch(
      /^Postern gateway running at .*\. Budget "tokens": 50,000 tokens left\. Today/,
    );
  });

  test("says what there is where there are no limits", () => {
    const { tooltipMarkdown, text, severity } = renderStatusBar(state(ready({ limits: limitsStatus() })));
    golden("indicator-nothing", tooltipMarkdown);
    expect(text).toBe("$(shield) Postern: 12 req · 34.5k tok");
    expect(severity).toBe("normal");
  });

  const text = (limits: ReturnType<typeof limitsStatus>, local: Parameters<typeof state>[1] = {}) =>
    renderStatusBar(state(ready({ limits }), local)).text.replace("$(shield) Postern: ", "");

  test("shows the tightest of all, or the one that was chosen, as amount or percent", () => {
    const chosen = indicatorsOf(everything).find(({ title }) => title === 'Budget "month"');
    expect(text(everything, { statusBarLimit: chosen?.id ?? "" })).toBe("$38.00 left");
    expect(text(everything, { statusBarLimit: chosen?.id ?? "", statusBarForm: "percent" })).toBe(
      "38 % left",
    );
    expect(text(everything, { statusBarLimit: "none" })).toBe("12 req · 34.5k tok");
    // One that is gone is no reason to show nothing.
    expect(text(everything, { statusBarLimit: "budget gone" })).toBe("50,000 tokens left");
    // A quota says of how much in its hover; here it is percent.
    expect(text(limitsStatus([], { quotas: [quota({ window: "day" })] }))).toBe("40 % left");
  });

  test("does not flicker with quotas of a minute, unless one is nearly gone", () => {
    const minute = (remaining: number) =>
      limitsStatus([limit({})], { quotas: [quota({ window: "minute", remaining })] });
    expect(text(minute(40))).toBe("$100.00 left");
    expect(text(minute(19))).toBe("19 % left");
    expect(renderStatusBar(state(ready({ limits: minute(0) }))).severity).toBe("normal");
  });

  test.each([
    [79_000_000, true, "normal"],
    [80_000_000, true, "warning"],
    [100_000_000, true, "error"],
    [100_000_000, false, "warning"],
    [130_000_000, true, "error"],
  ])("with %d spent of a budget, hard %s, is %s", (spent, hard, severity) => {
    const limits = limitsStatus([{ ...limit({ hard }), spent }]);
    expect(renderStatusBar(state(ready({ limits }))).severity).toBe(severity);
    // Also while another one is shown, but not while the gateway is stopped.
    expect(renderStatusBar(state(ready({ limits }), { statusBarLimit: "none" })).severity).toBe(severity);
    const stopped = ready({ limits, gateway: { state: "stopped" } });
    expect(renderStatusBar(state(stopped)).severity).toBe("normal");
  });

  test("warns from the very share on that the budget names", () => {
    for (let percent = 1; percent <= 99; percent += 1) {
      const given = limit({ warnAt: percent / 100 });
      const severity = (spent: number) =>
        renderStatusBar(state(ready({ limits: limitsStatus([{ ...given, spent }]) }))).severity;
      const at = percent * 1_000_000;
      expect([severity(at - 1), severity(at)], `${percent} %`).toEqual(["normal", "warning"]);
    }
  });

  test.each([
    [11, "normal"],
    [10, "warning"],
    [0, "error"],
  ])("with %d of 100 left of a provider's quota of a day is %s", (remaining, severity) => {
    const limits = limitsStatus([], { quotas: [quota({ window: "day", remaining })] });
    expect(renderStatusBar(state(ready({ limits }))).severity).toBe(severity);
  });

  test("lets nobody who names things put links or icons into it", () => {
    const name = "](command:evil) $(x) [y](https://evil.example)";
    const limits = limitsStatus([limit({ name, scope: { key: name } })], {
      quotas: [quota({ provider: name, model: name, credential: name })],
    });
    const { tooltipMarkdown } = renderStatusBar(state(ready({ limits })));
    const links = [...tooltipMarkdown.matchAll(/(?<!\\)\]\(([^)]*)\)/g)].map((match) => match[1]);
    for (const link of links) expect(link).toMatch(/^command:postern\./);
    expect(tooltipMarkdown).not.toContain("$(x)");
  });
});

describe("a bar in text", () => {
  test.each([
    [0, "░░░░░░░░░░", "0 %"],
    [0.0001, "▏░░░░░░░░░", "<1 %"],
    [0.5, "█████░░░░░", "50 %"],
    [0.62, "██████▎░░░", "62 %"],
    [0.9999, "█████████▉", ">99 %"],
    [1, "██████████", "100 %"],
    [7, "██████████", "100 %"],
  ])("%d is %s", (share, bar, percent) => {
    expect(textBar(share)).toBe(bar);
    expect(percentText(share)).toBe(percent);
  });
});
