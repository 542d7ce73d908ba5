import { maskedInPlace, probeOf, redacted } from "../../core/providers/redact";
import type { ResponseHeaders } from "../../core/providers/responseHeaders";

/** What tells of an error: a member of JSON, or an event's name, which may stand before any text. */
const ERRORS = ['"error"', '"detail"', "event: error", "event:error"].map((text) => Buffer.from(text));

/** What an answer has, in any protocol. Without it, it tells of an error, under whatever name. */
const CONTENT = ['"choices"', '"content"', '"output"', '"data"', '"input_tokens"', '"object"'].map((text) =>
  Buffer.from(text),
);

/** Finds a provider's credentials in what it answers, and blackens them in as many bytes. */
export class QuotedKeys {
  private probes: readonly Buffer[] | undefined;

  constructor(private readonly secrets: readonly string[]) {}

  /** A piece of an answer; it is only changed where it tells of an error. */
  maskedWithin(piece: Uint8Array): Uint8Array {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    // Long and rare, the key is found missing faster than the short and frequent word is.
    return this.mayHaveKey(bytes) && ERRORS.some((error) => bytes.includes(error))
      ? this.masked(bytes)
      : piece;
  }

  /** A whole plain answer. */
  maskedAnswer(whole: Buffer): Uint8Array {
    const hasContent = CONTENT.some((member) => whole.includes(member));
    return hasContent ? this.maskedWithin(whole) : this.masked(whole);
  }

  /** A piece of a refusal. */
  masked(piece: Buffer): Buffer {
    // Latin-1 has one character for each byte.
    return Buffer.from(maskedInPlace(piece.toString("latin1"), this.secrets), "latin1");
  }

  withoutKeys(headers: ResponseHeaders): ResponseHeaders {
    for (const name in headers) {
      const value = headers[name];
      if (typeof value === "string") headers[name] = this.without(value);
      else if (value) headers[name] = value.map((one) => this.without(one));
    }
    return headers;
  }

  private without(value: string): string {
    return redacted(value, this.secrets);
  }

  private mayHaveKey(bytes: Buffer): boolean {
    this.probes ??= this.secrets.map((secret) => Buffer.from(probeOf(secret)));
    return this.probes.some((probe) => bytes.includes(probe));
  }
}
