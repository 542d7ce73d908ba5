import { describe, expect, it } from "vitest";
import { parseAmount, parseCount } from "../../../src/vscode/limits/keyFields";

describe("an amount of money as a person types it", () => {
  it.each([
    ["20", 20],
    ["$20", 20],
    ["20 USD", 20],
    ["0.5", 0.5],
    [".05", 0.05],
    ["1,000", 1000],
    ["$1,234,567.89", 1_234_567.89],
  ])("%s is %d dollars", (text, dollars) => expect(parseAmount("microUsd", text)).toBe(dollars));

  it.each(["2,50", "0,5", "1,5", "1,0000", "12,34.5", "1000,000", ",5", "1.000,50", "", "$"])(
    "%j is asked for again: a comma that does not part thousands may be meant for a point",
    (text) => expect(parseAmount("microUsd", text)).toBeUndefined(),
  );
});

describe("a count as a person types it", () => {
  it.each([
    ["100000", 100_000],
    ["100,000", 100_000],
    ["1_000_000", 1_000_000],
    ["1 000 000", 1_000_000],
    ["100k", 100_000],
    ["1.5 M", 1_500_000],
    ["4.35M", 4_350_000],
    ["2.01k", 2_010],
  ])("%s is %d", (text, count) => expect(parseCount(text)).toBe(count));

  it.each(["1,5M", "1,5", "2,50k", "1.5", "1.0001k", "10,00", "k", "-1", ""])(
    "%j is asked for again",
    (text) => expect(parseCount(text)).toBeUndefined(),
  );
});
