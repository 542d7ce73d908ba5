import type { Transform } from "node:stream";
import * as zlib from "node:zlib";

/**
 * Inflates the answer of a provider that compresses though it was asked not to.
 * @returns "plain" where there is nothing to inflate, undefined for a way of compressing that is not known
 */
export function contentDecoder(encoding: string | undefined): Transform | "plain" | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return zlib.createGunzip();
    case "deflate":
      return zlib.createInflate();
    case "br":
      return zlib.createBrotliDecompress();
    case "zstd":
      return typeof zlib.createZstdDecompress === "function" ? zlib.createZstdDecompress() : undefined;
    case undefined:
    case "":
    case "identity":
      return "plain";
    default:
      return undefined;
  }
}
