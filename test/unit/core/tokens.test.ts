import { describe, expect, it } from "vitest";
import { sampleOf } from "../../../src/core/tokens/slices";
import { estimateTokens } from "../../../src/engine/tokens/estimateTokens";

describe("a sample of texts", () => {
  it("is all of them, in pieces, as long as they are not many", () => {
    const texts = ["a".repeat(2_500), "", "b"];
    const { slices, scale } = sampleOf(texts);
    expect(slices.map(({ length }) => length)).toEqual([1_000, 1_000, 500, 1]);
    expect([slices.join(""), scale]).toEqual([texts.join(""), 1]);
    expect(sampleOf([])).toEqual({ slices: [], scale: 1 });
  });

  it.each([
    ["one long text", ["x".repeat(5_000_000)]],
    ["many short ones", Array<string>(200_000).fill("short")],
    ["a few more than it takes", ["x".repeat(401_000)]],
  ])("of %s is bounded, spread, and stands for the whole", (_, texts) => {
    const { slices, scale } = sampleOf(texts);
    expect(slices.length).toBeGreaterThan(395);
    expect(slices.length).toBeLessThanOrEqual(401);
    const length = (list: readonly string[]) => list.reduce((sum, text) => sum + text.length, 0);
    expect(Math.round(length(slices) * scale)).toBe(length(texts));
  });

  it("takes from the end as from the beginning", () => {
    const { slices } = sampleOf(["a".repeat(1_000_000), "b".repeat(1_000_000)]);
    const share = slices.filter((slice) => slice[0] === "b").length / slices.length;
    expect(share).toBeCloseTo(0.5, 1);
  });
});

it("counting lets other work have its turn", async () => {
  await estimateTokens({});
  let turns = 0;
  let over = false;
  const count = () => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  // What a tokenizer takes longest for: a long run of letters, nowhere the same.
  const letters = Array.from({ length: 400_000 }, (_, at) => 0x4e00 + ((at * at * 7919 + at * 31) % 20_000));
  await estimateTokens({ system: letters.map((letter) => String.fromCharCode(letter)).join("") });
  over = true;
  expect(turns).toBeGreaterThan(2);
});
