import type { Strategy } from "../config/schema";

/** A target as far as choosing among several goes. */
export interface Weighed {
  /** Names it among its siblings. */
  readonly key: string;
  readonly weight: number;
}

/** What the strategies go by. Numbers that are not known are undefined, never guessed. */
export interface StrategyInputs {
  /** Of 0 up to, not including, 1. */
  random(): number;
  /** Counts the requests of this route, from 0. */
  readonly turn: number;
  /** Recent time to the first byte, in milliseconds. */
  latencyOf(key: string): number | undefined;
  /** US dollars for a million tokens, input and output together. */
  priceOf(key: string): number | undefined;
}

/** The targets in the order in which they are to be tried: the strategy's choice first, then what follows if it fails. */
export function orderedTargets<T extends Weighed>(
  strategy: Strategy,
  targets: readonly T[],
  inputs: StrategyInputs,
): T[] {
  switch (strategy) {
    case "fallback":
      return [...targets];
    case "round-robin": {
      const start = targets.length === 0 ? 0 : inputs.turn % targets.length;
      return [...targets.slice(start), ...targets.slice(0, start)];
    }
    case "weighted":
      return byWeight(targets, inputs.random);
    case "least-latency":
      // Who has not been tried yet has to be, or it would never be known.
      return sortedBy(targets, (target) => inputs.latencyOf(target.key) ?? -1);
    case "cheapest":
      // What has no known price is not cheap.
      return sortedBy(targets, (target) => inputs.priceOf(target.key) ?? Number.POSITIVE_INFINITY);
  }
}

/** Drawn without putting back, so that the ones behind the first are in a fair order too. */
function byWeight<T extends Weighed>(targets: readonly T[], random: () => number): T[] {
  const left = [...targets];
  const drawn: T[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    let point = random() * total;
    const at = left.findIndex(({ weight }) => {
      point -= weight;
      return point < 0;
    });
    drawn.push(...left.splice(at < 0 ? left.length - 1 : at, 1));
  }
  return drawn;
}

function sortedBy<T>(items: readonly T[], value: (item: T) => number): T[] {
  return items
    .map((item) => ({ item, at: value(item) }))
    .sort((one, other) => (one.at === other.at ? 0 : one.at - other.at))
    .map(({ item }) => item);
}
