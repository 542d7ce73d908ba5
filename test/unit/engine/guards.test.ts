import { describe, expect, it } from "vitest";
import { GuessDelay } from "../../../src/engine/gateway/guessDelay";
import { guardedLookup } from "../../../src/engine/relay/guardedLookup";

describe("wrong gateway keys", () => {
  it("are answered at once while they are few, then later and later, and at once again after a minute", () => {
    let now = 0;
    const delay = new GuessDelay(() => now);
    const waits = Array.from({ length: 40 }, () => delay.next());
    expect(waits.slice(0, 20)).toEqual(Array(20).fill(0));
    expect(waits.slice(20, 23)).toEqual([50, 100, 200]);
    expect(Math.max(...waits)).toBe(2_000);
    now += 60_001;
    expect(delay.next()).toBe(0);
  });
});

describe("a name that is looked up", () => {
  const ask = (all: boolean, ...addresses: string[]) => {
    const look = guardedLookup((_, __, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      ),
    );
    return new Promise<unknown[]>((resolve) => look("x.example", { all }, (...given) => resolve(given)));
  };

  it("leads to no metadata address", async () => {
    expect(await ask(false, "169.254.169.254")).toEqual([
      expect.objectContaining({ code: "POSTERN_METADATA" }),
      [],
    ]);
  });

  it("loses such an address among others, and leads where it did otherwise", async () => {
    const both = ["169.254.169.254", "192.0.2.1"];
    expect(await ask(true, ...both)).toEqual([null, [{ address: "192.0.2.1", family: 4 }]]);
    expect(await ask(false, ...both)).toEqual([null, "192.0.2.1", 4]);
  });
});
