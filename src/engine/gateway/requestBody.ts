import type { IncomingMessage } from "node:http";
import * as zlib from "node:zlib";
import { PosternError } from "../../core/errors";

/** Room for a conversation with many images; base64 makes 48 MB of them. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** A client that sends nothing for this long is let go. */
const BODY_IDLE_MS = 30_000;

/**
 * Reads a request body whole, inflated if it came compressed, never more than MAX_BODY_BYTES either way.
 * @throws PosternError body_too_large, body_timeout, unsupported_encoding, invalid_request
 */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  const inflate = encoding === "identity" || encoding === "" ? undefined : inflaterFor(encoding);
  const raw = await collect(request);
  return inflate ? inflate(raw) : raw;
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const declared = Number(request.headers["content-length"] ?? Number.NaN);
  if (declared > MAX_BODY_BYTES) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let whole: Buffer | undefined;
    let size = 0;
    const timer = setTimeout(() => {
      fail(
        new PosternError("body_timeout", `The request body stopped arriving for ${BODY_IDLE_MS / 1000} s.`),
      );
    }, BODY_IDLE_MS);
    const fail = (error: Error) => {
      clearTimeout(timer);
      request.removeAllListeners("data");
      reject(error);
    };
    request.on("data", (chunk: Buffer) => {
      timer.refresh();
      if (size + chunk.length > MAX_BODY_BYTES) return fail(tooLarge());
      // With a declared length each byte is copied once, as it arrives, instead of all of them at the end.
      if (chunks.length === 0 && whole === undefined && chunk.length < declared)
        whole = Buffer.allocUnsafe(declared);
      if (whole) chunk.copy(whole, size);
      else chunks.push(chunk);
      size += chunk.length;
      if (whole) release(chunk);
    });
    request.on("end", () => {
      clearTimeout(timer);
      const [only] = chunks;
      if (whole) resolve(whole.subarray(0, size));
      else resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks));
    });
    request.on("error", () => fail(new PosternError("invalid_request", "The request body was cut off.")));
    request.on("close", () => {
      if (!request.complete) fail(new PosternError("invalid_request", "The request body was cut off."));
    });
  });
}

/**
 * Gives a chunk's memory back at once: what a large body leaves behind has V8 mark its whole heap, body after body,
 * which took longer than everything else about it. Not for memory that is shared, and not before Node 22.
 */
function release(chunk: Buffer): void {
  const memory = chunk.buffer as ArrayBuffer & { transfer?(size: number): ArrayBuffer };
  if (memory.byteLength === chunk.byteLength) memory.transfer?.(0);
}

type Inflate = (input: Buffer, options: { maxOutputLength: number }, done: zlib.CompressCallback) => void;

function inflaterFor(encoding: string): (raw: Buffer) => Promise<Buffer> {
  const inflate = inflateFunction(encoding);
  if (!inflate) {
    throw new PosternError(
      "unsupported_encoding",
      `Content-Encoding "${encoding.slice(0, 40)}" is not supported; use gzip, deflate, br, zstd or none.`,
    );
  }
  return (raw) =>
    new Promise((resolve, reject) => {
      inflate(raw, { maxOutputLength: MAX_BODY_BYTES }, (error, inflated) => {
        if (!error) resolve(inflated as Buffer);
        else if ("code" in error && error.code === "ERR_BUFFER_TOO_LARGE") reject(tooLarge());
        else reject(new PosternError("invalid_request", `The request body is not valid ${encoding}.`));
      });
    });
}

function inflateFunction(encoding: string): Inflate | undefined {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return zlib.gunzip;
    case "deflate":
      // Some clients mean zlib's format, as the standard does, and some the bare one; the first byte tells.
      return (input, options, done) =>
        ((input[0] ?? 0) % 16 === 8 ? zlib.inflate : zlib.inflateRaw)(input, options, done);
    case "br":
      return zlib.brotliDecompress;
    case "zstd":
      // Node has it from 22.15 on; every supported VS Code does, Node 20 does not.
      return typeof zlib.zstdDecompress === "function" ? zlib.zstdDecompress : undefined;
    default:
      return undefined;
  }
}

function tooLarge(): PosternError {
  return new PosternError(
    "body_too_large",
    `The request body is larger than ${MAX_BODY_BYTES / 1024 / 1024} MB.`,
  );
}
