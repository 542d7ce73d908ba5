import type { Usage } from "../../core/conversation/usage";
import { isObject, type JsonObject, parseJson } from "../../core/json/access";
import { END_BYTES, usageOfBody, usageOfEnds, WHOLE_BODY_BYTES } from "../../core/lane/bodyUsage";
import type { WireProtocol } from "../../core/protocols/wire";

/** Keeps what is needed to read the usage out of a plain JSON answer while it passes. */
export class BodyTap {
  private chunks: Buffer[] = [];
  private size = 0;
  private head: Buffer | undefined;

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
    const kept = Buffer.concat(this.chunks);
    return this.head ? usageOfEnds(this.protocol, this.head, kept) : usageOfBody(this.protocol, kept);
  }

  /** The answer, where it is JSON; of one too large to be kept, its id, where it begins with that. */
  answer(): JsonObject | undefined {
    if (this.head) {
      const id = /^\s*\{\s*"id"\s*:\s*"([^"\\]+)"/.exec(this.head.toString("latin1"))?.[1];
      return id === undefined ? undefined : { id };
    }
    const parsed = parseJson(Buffer.concat(this.chunks).toString("utf8"));
    return isObject(parsed) ? parsed : undefined;
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
