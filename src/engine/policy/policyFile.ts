import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";

/** A file that was read, or why it cannot be trusted. Texts quote nothing of it. */
export type PolicyFile =
  | { readonly kind: "absent" }
  | { readonly kind: "read"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string };

/** What changes when a file does. */
export interface FileMark {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly size: number;
  readonly ino: number;
}

export interface ReadOptions {
  /** Largest file that is read, in bytes. */
  readonly maxBytes: number;
  /** A second look at the file that was opened. @returns why it is refused */
  readonly check?: (file: { readonly uid: number; readonly mode: number }) => string | undefined;
}

const ABSENT = new Set(["ENOENT", "ENOTDIR"]);

/** What stands at a path, without following a link; null where nothing does. */
export async function markOf(path: string): Promise<FileMark | null> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await lstat(path);
    return { mtimeMs, ctimeMs, size, ino };
  } catch (error) {
    if (ABSENT.has(codeOf(error))) return null;
    return { mtimeMs: 0, ctimeMs: 0, size: -1, ino: 0 };
  }
}

/**
 * Reads a file that may be meant badly: a link is not followed, what is no plain file is not read, a pipe does not
 * hold us up, and no more is read than is allowed.
 */
export async function readPolicyFile(path: string, { maxBytes, check }: ReadOptions): Promise<PolicyFile> {
  let file: FileHandle | undefined;
  try {
    const before = await lstat(path);
    if (before.isSymbolicLink()) return refused("is a link; put the file itself there");
    if (!before.isFile()) return refused("is not a plain file");
    // Windows has neither flag, and no pipes in folders.
    const flags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    file = await open(path, constants.O_RDONLY | flags);
    const stat = await file.stat();
    if (!stat.isFile() || stat.ino !== before.ino) return refused("changed while it was read");
    const reason = check?.({ uid: stat.uid, mode: stat.mode });
    if (reason !== undefined) return refused(reason);
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length > maxBytes) return refused(`is larger than ${Math.floor(maxBytes / 1024)} KB`);
    return { kind: "read", text: buffer.toString("utf8", 0, length) };
  } catch (error) {
    const code = codeOf(error);
    if (ABSENT.has(code)) return { kind: "absent" };
    return refused(code === "ELOOP" ? "is a link; put the file itself there" : `cannot be read (${code})`);
  } finally {
    await file?.close().catch(() => {});
  }
}

function refused(reason: string): PolicyFile {
  return { kind: "refused", reason };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
