import { probeOf, type SecretMask } from "../../core/providers/redact";
import type { ResponseHeaders } from "../../core/providers/responseHeaders";

/** What tells of an error: a member of JSON, or an event's name, which may stand before any text. */
const ERRORS = ['"error"', '"detail"', "event: error", "event:error"].map((text) => Buffer.from(text));

/** What an answer has, in any protocol. Without it, it tells of an error, under whatever name. */
const CONTENT = ['"choices"', '"content"', '"output"', '"data"', '"input_tokens"', '"object"'].map((text) =>
  Buffer.from(text),
);

/** Finds a provider's credentials in the bytes that it answers with, and blackens them in as many. */
export class QuotedKeys {
  private readonly probes: readonly Buffer[];

  constructor(readonly mask: SecretMask) {
    this.probes = mask.secrets.map((secret) => Buffer.from(probeOf(secret)));
  }

  /** There are none to be found. */
  get isEmpty(): boolean {
    return this.probes.length === 0;
  }

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
    return Buffer.from(this.mask.maskedInPlace(piece.toString("latin1")), "latin1");
  }

  withoutKeys(headers: ResponseHeaders): ResponseHeaders {
    for (const name in headers) {
      const value = headers[name];
      if (typeof value === "string") headers[name] = this.mask.redacted(value);
      else if (value) headers[name] = value.map((one) => this.mask.redacted(one));
    }
    return headers;
  }

  private mayHaveKey(bytes: Buffer): boolean {
    return this.probes.some((probe) => bytes.includes(probe));
  }
}
