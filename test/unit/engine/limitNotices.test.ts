import { describe, expect, it } from "vitest";
import { judgeLimit } from "../../../src/core/governance/judgeLimit";
import type { Limit } from "../../../src/core/governance/limits";
import { periodRange } from "../../../src/core/governance/period";
import type { LimitStatus } from "../../../src/core/rpc/limitsStatus";
import { LimitNotices } from "../../../src/engine/governance/limitNotices";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const range = periodRange("month", NOW);

/** 100 requests a month. */
const limit = (warnAt: number): Limit => ({
  id: "budget all requests month all ",
  of: "budget",
  name: "all",
  scope: { kind: "all", name: "" },
  measure: "requests",
  amount: 100,
  period: "month",
  hard: true,
  warnAt,
  unpriced: "allow",
});

function noticed(spent: number, warnAt: number): string[] {
  const notices = new LimitNotices();
  const standing = { ...limit(warnAt), ...range, spent, estimated: 0, reserved: 0, uncounted: 0 };
  notices.follow([standing satisfies LimitStatus], NOW);
  return notices.pending().map(({ text }) => text);
}

function warned(used: number, warnAt: number): string | undefined {
  const judgement = judgeLimit(limit(warnAt), { range, spent: used - 1, reserved: 0 }, 1, NOW);
  return judgement.kind === "fits" ? judgement.warning : "refused";
}

describe("a budget that warns from a share of it on", () => {
  it("warns from that very share on, in the notification and in the answer's header", () => {
    for (let percent = 1; percent <= 99; percent += 1) {
      const share = percent / 100;
      const said = expect.stringContaining(`is used to ${percent} %`);
      expect(noticed(percent - 1, share), `${percent} %`).toEqual([]);
      expect(noticed(percent, share), `${percent} %`).toEqual([said]);
      expect(warned(percent - 1, share), `${percent} %`).toBeUndefined();
      expect(warned(percent, share), `${percent} %`).toBeDefined();
    }
  });

  it("is told to be used up from its amount on", () => {
    expect(noticed(100, 0.8)).toEqual([expect.stringContaining("is used up: 100 of 100 requests a month")]);
    expect(warned(101, 0.8)).toBe("refused");
  });
});
