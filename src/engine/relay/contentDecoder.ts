import type { Transform } from "node:stream";
import * as zlib from "node:zlib";

/** Inflates the answer of a provider that compresses though it was asked not to; undefined for plain bytes. */
export function contentDecoder(encoding: string | undefined): Transform | undefined {
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
    default:
      return undefined;
  }
}
