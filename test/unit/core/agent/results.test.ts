import { describe, expect, it } from "vitest";
import { costText, runCost } from "../../../../src/core/agent/runCost";
import { comparisonCost, comparisonTable, type TaskRun } from "../../../../src/core/agent/taskRun";
import type { RequestRecord } from "../../../../src/core/governance/requestRecord";

const record = (about: Partial<RequestRecord>): RequestRecord => ({
  id: "r",
  startedAt: 0,
  durationMs: 1,
  caller: { kind: "gatewayKey", name: "k", labels: {} },
  operation: "chat",
  protocolIn: "chat",
  modelAsked: "m",
  attempts: [],
  status: 200,
  outcome: "answered",
  dropped: [],
  ...about,
});
const usage = { inputTokens: 100, outputTokens: 10 };
const cost = (microUsd: number) => ({ microUsd, basis: "reported", priceSource: "config" }) as const;

describe("what a run has cost", () => {
  it("is the sum of its requests", () => {
    const sum = runCost([
      record({ usage, usageBasis: "reported", cost: cost(1_000) }),
      record({ usage, usageBasis: "reported", cost: cost(500) }),
      record({ outcome: "refused" }),
    ]);
    expect(sum).toMatchObject({
      requests: 2,
      inputTokens: 200,
      outputTokens: 20,
      microUsd: 1_500,
      unpriced: 0,
    });
    expect(costText(sum)).toBe("$0.0015");
  });

  it("never passes off what is not known as nothing", () => {
    expect(costText(runCost([record({ usage })]))).toBe("unknown");
    const half = runCost([record({ usage }), record({ usage, cost: cost(1_000) })]);
    expect(costText(half)).toBe("$0.001 and 1 request of unknown price");
    expect(costText(runCost([record({ usage, usageBasis: "estimated", cost: cost(1_000) })]))).toBe(
      "about $0.001",
    );
    expect(costText(runCost([record({ usage, premiumRequests: 3 })]))).toBe("$0.00 and 3 premium requests");
  });
});

describe("the table of a comparison", () => {
  const run = (about: Partial<TaskRun>): TaskRun => ({
    id: "1",
    comparison: "c",
    task: "t",
    folder: "/w",
    commit: "abc",
    model: "a/b",
    startedAt: 0,
    durationMs: 1_500,
    end: "done",
    turns: 2,
    cost: runCost([record({ usage, cost: cost(1_000) })]),
    filesChanged: 1,
    linesAdded: 2,
    linesRemoved: 3,
    ...about,
  });

  it("has those first that passed, the cheapest of them on top, and keeps its columns", () => {
    const cheap = runCost([record({ usage, cost: cost(10) })]);
    const rows = comparisonTable([
      run({ model: "bad", passed: false, reason: "check | said\n\u001b[2Kno", cost: cheap }),
      run({ model: "broken", end: "failed", reason: "HTTP 500" }),
      run({ model: "dear", passed: true }),
      run({ model: "unpriced", passed: true, cost: runCost([record({ usage })]) }),
      run({ model: "cheap", passed: true, cost: cheap }),
    ])
      .split("\n")
      .slice(2);
    expect(rows.map((row) => row.split(" ")[1])).toEqual(["cheap", "dear", "unpriced", "bad", "broken"]);
    expect(rows[0]).toBe("| cheap | passed | $0.00001 | 100 | 10 | 1.5 s | 2 | 1 file, +2 −3 |");
    expect(rows[3]).toContain("failed: check \\| said \\u{1b}[2Kno");
    expect(rows[4]).toContain("not finished: HTTP 500");
  });

  it("does not take a subscription's premium requests for nothing, in the order and in the sum", () => {
    const premium = runCost([record({ usage, premiumRequests: 3 }), record({ usage, premiumRequests: 1 })]);
    const runs = [
      run({ model: "premium", passed: true, cost: premium }),
      run({ model: "paid", passed: true }),
      run({ model: "unpriced", passed: false, cost: runCost([record({ usage })]) }),
    ];
    const [first] = comparisonTable(runs).split("\n").slice(2);
    expect(first).toContain("| paid |");
    expect(comparisonCost(runs)).toBe("$0.001 and 4 premium requests and 1 request of unknown price");
    expect(comparisonCost(runs.slice(2))).toBe("unknown");
  });
});
