import { describe, expect, it } from "vitest";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { PROTOCOLS, type Stage } from "./stage";

export interface Direction {
  readonly client: WireProtocol;
  readonly provider: WireProtocol;
  readonly streaming: boolean;
}

type Body = (stage: Stage, direction: Direction) => Promise<void>;

/** Counts the nine directions while their tests run. */
export class Matrix {
  private readonly counts = new Map<string, { passed: number; total: number }>();

  constructor(private readonly stage: () => Stage) {}

  /** Registers a test for each direction, streaming and not. */
  every(name: string, body: Body, ways: readonly boolean[] = [false, true]): void {
    describe(name, () => {
      for (const client of PROTOCOLS)
        for (const provider of PROTOCOLS)
          for (const streaming of ways) this.one({ client, provider, streaming }, body);
    });
  }

  /** The same for the six directions in which something is translated. */
  translated(name: string, body: Body): void {
    describe(name, () => {
      for (const client of PROTOCOLS)
        for (const provider of PROTOCOLS.filter((other) => other !== client))
          for (const streaming of [false, true]) this.one({ client, provider, streaming }, body);
    });
  }

  private one(direction: Direction, body: Body): void {
    const { client, provider, streaming } = direction;
    const key = `${client}→${provider}`;
    it(`${client} → ${provider}${streaming ? ", streaming" : ""}`, async () => {
      const count = this.counts.get(key) ?? { passed: 0, total: 0 };
      this.counts.set(key, count);
      count.total++;
      const stage = this.stage();
      stage.provider.asked.clear();
      await body(stage, direction);
      // One address serves all three: what was asked has to be what the direction is about.
      expect([...stage.provider.asked].filter((asked) => asked !== provider)).toEqual([]);
      count.passed++;
    });
  }

  /** The nine directions, clients below each other, providers side by side. */
  print(): string {
    const cell = (client: string, provider: string): string => {
      const count = this.counts.get(`${client}→${provider}`);
      return count ? `${count.passed}/${count.total}` : "-";
    };
    const rows = [
      ["client \\ provider", ...PROTOCOLS],
      ...PROTOCOLS.map((client) => [client, ...PROTOCOLS.map((provider) => cell(client, provider))]),
    ];
    return rows.map((row) => row.map((text, at) => text.padEnd(at === 0 ? 20 : 12)).join("")).join("\n");
  }
}
