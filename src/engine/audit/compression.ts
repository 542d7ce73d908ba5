import { promisify } from "node:util";
import * as zlib from "node:zlib";

/** How a text is compressed in the database. zstd is in Node from 22.15 on. */
export type Coding = "zstd" | "br";

export interface Compressed {
  readonly coding: Coding;
  readonly bytes: Buffer;
}

const QUALITY = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };
/** A stored text that grows beyond this when it is read was not stored by us. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** The better of what this Node has. */
export const CODING: Coding = "zstdCompress" in zlib ? "zstd" : "br";

/** Compresses outside of the event loop. */
export async function compress(text: string): Promise<Buffer> {
  const bytes = Buffer.from(text);
  return CODING === "zstd"
    ? promisify(zlib.zstdCompress)(bytes)
    : promisify(zlib.brotliCompress)(bytes, QUALITY);
}

/** @throws what zlib says of bytes that are not what they should be, or an Error where this Node has no zstd */
export function decompress(coding: string, bytes: Uint8Array): string {
  const limit = { maxOutputLength: MAX_TEXT_BYTES };
  if (coding === "br") return zlib.brotliDecompressSync(bytes, limit).toString("utf8");
  if (coding !== "zstd" || !("zstdDecompressSync" in zlib)) throw new Error("cannot be read by this Node");
  return zlib.zstdDecompressSync(bytes, limit).toString("utf8");
}
