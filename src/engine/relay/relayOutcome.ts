import type { Usage } from "../../core/conversation/usage";
import type { PosternError } from "../../core/errors";

/** How a relayed request ended. */
export interface RelayOutcome {
  /** Status that the client got; 0 if it left before there was one. */
  readonly status: number;
  readonly usage: Usage | undefined;
  /** The model that the provider says has answered. */
  readonly model: string | undefined;
  /** When the first byte of the answer went to the client, on the clock of `performance`. */
  readonly firstByteAt: number | undefined;
  /** About how many characters of content came; 0 where the provider has reported what it wrote. */
  readonly streamedChars: number;
  /** complete: as the provider meant it. cut: the provider left off. clientLeft: the client did. */
  readonly end: "complete" | "cut" | "clientLeft";
  readonly fault?: PosternError;
}

/** An answer that says no, held back so that something else can be tried. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of what the provider said. */
  readonly body: Buffer;
}

/** The provider refused, and the client knows nothing of it yet. */
export class AttemptRefused extends Error {
  constructor(
    readonly refusal: Refusal,
    /** Tells the client what was held back. */
    readonly deliver: () => Promise<RelayOutcome>,
  ) {
    super("the provider refused");
  }
}
