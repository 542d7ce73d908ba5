import type { Usage } from "../../core/conversation/usage";
import { PosternError } from "../../core/errors";
import { type EmbeddingForm, embeddingsIn, formOf } from "../../core/lane/embeddings";
import { withoutLength } from "../../core/providers/responseHeaders";
import type { ByteLane } from "./byteLane";
import type { Begun, Head, Lane, Piece } from "./lane";

/** The first vector begins within this much of an answer; one that hides it longer is passed on as it is. */
const LOOK_BYTES = 64 * 1024;
/** An answer larger than this is not converted: 2,048 vectors of 3,072 floats take 130 MB. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Passes embeddings on byte for byte, unless the provider answers with lists of numbers where base64 was asked for,
 * or the other way round: OpenAI's SDKs ask for base64 by themselves, and not every provider knows it.
 */
export class EmbeddingsLane implements Lane {
  private held: Buffer[] = [];
  private size = 0;
  private decided: "passed" | "converted" | undefined;
  private converted: Head | undefined;

  constructor(
    /** What passes the answer on where nothing is to be changed. */
    private readonly bytes: ByteLane,
    private readonly wanted: EmbeddingForm,
    private readonly providerId: string,
  ) {}

  begin(answer: Begun): void {
    this.bytes.begin(answer);
    if (answer.status >= 300) this.decided = "passed";
  }

  head(): Head {
    return this.converted ?? this.bytes.head();
  }

  push(chunk: Buffer): readonly Piece[] {
    if (this.decided === "passed") return this.bytes.push(chunk);
    this.held.push(chunk);
    this.size += chunk.length;
    this.decided ??= this.decision();
    return this.decided === "passed" ? this.release() : [];
  }

  end(): { readonly pieces: readonly Piece[] } | { readonly fault: PosternError } {
    if (this.decided !== "converted") return { pieces: [...this.release(), ...endOf(this.bytes)] };
    const answer = Buffer.concat(this.held);
    this.bytes.push(answer);
    const changed = this.size > MAX_BYTES ? undefined : embeddingsIn(this.wanted, answer.toString("utf8"));
    if (!changed) {
      const text = `Provider "${this.providerId}" sent embeddings that cannot be put into the form asked for, ${this.wanted}.`;
      return { fault: new PosternError("provider_incomplete", text) };
    }
    const body = Buffer.from(JSON.stringify(changed));
    const { status, headers } = this.bytes.head();
    this.converted = {
      status,
      headers: { ...withoutLength(headers), "content-length": String(body.length) },
    };
    return { pieces: [body] };
  }

  broken(fault: PosternError): string | undefined {
    return this.bytes.broken(fault);
  }

  silence(): string | undefined {
    // Headers that say a length must wait until the length is known.
    return this.decided === "passed" ? this.bytes.silence() : undefined;
  }

  isTerminated(): boolean {
    return this.bytes.isTerminated();
  }

  isOver(): boolean {
    return false;
  }

  failure(): undefined {
    return undefined;
  }

  usage(): Usage | undefined {
    return this.bytes.usage();
  }

  streamedChars(): number {
    return 0;
  }

  answeredModel(): string | undefined {
    return this.bytes.answeredModel();
  }

  earlyFailure(): undefined {
    return undefined;
  }

  mayFailEarly(): boolean {
    return false;
  }

  private decision(): "passed" | "converted" | undefined {
    const form = formOf(Buffer.concat(this.held).toString("latin1"));
    if (form !== undefined) return form === this.wanted ? "passed" : "converted";
    return this.size > LOOK_BYTES ? "passed" : undefined;
  }

  private release(): readonly Piece[] {
    const held = this.held;
    this.held = [];
    return held.flatMap((chunk) => this.bytes.push(chunk));
  }
}

/** A plain answer has nothing left to be said at its end. */
function endOf(lane: ByteLane): readonly Piece[] {
  const ended = lane.end();
  return "pieces" in ended ? ended.pieces : [];
}
