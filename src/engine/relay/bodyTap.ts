import type { Usage } from "../../core/conversation/usage";
import { isObject, type JsonObject, parseJson } from "../../core/json/access";
import { END_BYTES, usageOfBody, usageOfEnds, WHOLE_BODY_BYTES } from "../../core/lane/bodyUsage";
import type { WireProtocol } from "../../core/protocols/wire";

const BYTE_ORDER_MARK = /^\uFEFF/;

/** Keeps what is needed to read the usage out of a plain JSON answer while it passes. */
export class BodyTap {
  private chunks: Buffer[] = [];
  private size = 0;
  private head: Buffer | undefined;
  /** What had come when it was read, which is done once for all who ask. */
  private parsed: { readonly size: number; readonly answer: JsonObject | undefined } | undefined;

  constructor(private readonly protocol: WireProtocol) {}

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size <= WHOLE_BODY_BYTES) return;
    this.head ??= Buffer.concat(this.chunks).subarray(0, END_BYTES);
    while (this.chunks.length > 1 && this.kept() - (this.chunks[0]?.length ?? 0) >= END_BYTES)
      this.chunks.shift();
  }

  /** How much has come. */
  get bytes(): number {
    return this.size;
  }

  usage(): Usage | undefined {
    if (this.head) return usageOfEnds(this.protocol, this.head, Buffer.concat(this.chunks));
    const answer = this.answer();
    return answer && usageOfBody(this.protocol, answer);
  }

  /** The answer, where it is JSON; of one too large to be kept, its id, where it begins with that. */
  answer(): JsonObject | undefined {
    if (this.head) {
      const id = /^\s*\{\s*"id"\s*:\s*"([^"\\]+)"/.exec(this.head.toString("latin1"))?.[1];
      return id === undefined ? undefined : { id };
    }
    if (this.parsed?.size !== this.size) {
      const [only] = this.chunks;
      const whole = only && this.chunks.length === 1 ? only : Buffer.concat(this.chunks);
      const answer = parseJson(whole.toString("utf8").replace(BYTE_ORDER_MARK, ""));
      this.parsed = { size: this.size, answer: isObject(answer) ? answer : undefined };
    }
    return this.parsed.answer;
  }

  /** The model that an answer names, where it can be read without reading all of a large one. */
  model(): string | undefined {
    const model = this.head ? undefined : this.answer()?.model;
    return typeof model === "string" ? model : undefined;
  }

  private kept(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }
}
