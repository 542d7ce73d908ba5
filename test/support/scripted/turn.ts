import type { Seen } from "./seen";

/** Tokens, each counted once: `fresh` and `cached` are the input, `reasoning` is part of `output`. */
export interface TurnUsage {
  readonly fresh: number;
  readonly cached: number;
  readonly output: number;
  readonly reasoning: number;
}

/** What the model answers in one turn. */
export interface Turn {
  readonly reasoning?: string;
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly input: string }[];
  readonly usage?: TurnUsage;
  /** The answer is cut off by its limit. */
  readonly length?: boolean;
  /** The connection ends before the answer does. */
  readonly cut?: boolean;
}

/** Decides what is answered; a `Refusal` that it throws is an error of the provider. */
export type Script = (seen: Seen) => Turn;

/** A turn with everything that an answer needs, in the order in which it is written. */
export interface FullTurn extends Turn {
  readonly usage: TurnUsage;
  readonly calls: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: string;
    readonly custom: boolean;
  }[];
  readonly model: string;
}

/** Ids differ between the turns of a conversation, as a provider's do. */
export function completed(turn: Turn, seen: Seen, idPrefix: string): FullTurn {
  const before = seen.calls.length;
  return {
    ...turn,
    model: seen.model,
    usage: turn.usage ?? {
      fresh: 60,
      cached: 40,
      output: 25,
      reasoning: turn.reasoning === undefined ? 0 : 7,
    },
    calls: (turn.calls ?? []).map((call, index) => ({
      ...call,
      id: `${idPrefix}own${before + index + 1}`,
      custom: seen.tools.some((tool) => tool.name === call.name && tool.custom),
    })),
  };
}

/** A text in pieces, some of which split words and surrogate pairs' neighbours. */
export function pieces(text: string): string[] {
  const characters = [...text];
  const size = Math.max(1, Math.ceil(characters.length / 3));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(""),
  );
}
