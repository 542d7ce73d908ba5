import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Environment } from "../../core/config/reference";
import { PIPE_NOTE } from "../../core/rpc/contract";

/** What the place of the pipe depends on; passed in so that every platform can be tested on one. */
export interface PipeHost {
  readonly platform: NodeJS.Platform;
  readonly environment: Environment;
  readonly tmpdir: string;
  /** The user's number; unused on Windows. */
  readonly uid: number;
  readonly userName: string;
}

/** The shortest limit for a socket's path among the supported systems is 104 bytes (macOS), with its final NUL. */
const MAX_PATH_BYTES = 100;
const WINDOWS_PIPE = /^\\\\\.\\pipe\\postern-[0-9a-f]{12}$/;

/**
 * Where window and engine meet. One place for each user and storage folder, so that every window of one VS Code finds
 * the same engine. On Unix its folder is created and checked: only the user may have access to it.
 * @throws Error if the folder belongs to somebody else, is open to others or is not a folder
 */
export async function preparePipePath(globalStoragePath: string, host: PipeHost): Promise<string> {
  if (host.platform === "win32")
    return `\\\\.\\pipe\\postern-${hash(`${host.userName}\n${globalStoragePath}`)}`;
  const folder = await pipeFolder(host);
  await privateFolder(folder, host.uid);
  const pipePath = path.join(folder, `${hash(globalStoragePath)}.sock`);
  if (Buffer.byteLength(pipePath) >= MAX_PATH_BYTES) {
    throw new Error(`The path of Postern's private socket is too long for this system: ${pipePath}`);
  }
  return pipePath;
}

/**
 * Where the engine that owns the data folder says its pipe is. Windows of one VS Code may have other temporary folders
 * in their environments (a terminal's, a desktop's, a login over ssh), and would each look elsewhere.
 * @returns undefined where it says nothing, or names a place that this user alone does not rule
 */
export async function notedPipePath(
  dataDir: string,
  host: Pick<PipeHost, "platform" | "uid">,
): Promise<string | undefined> {
  try {
    const pipePath = await readFile(path.join(dataDir, PIPE_NOTE), "utf8");
    if (host.platform === "win32") return WINDOWS_PIPE.test(pipePath) ? pipePath : undefined;
    if (!path.isAbsolute(pipePath) || Buffer.byteLength(pipePath) >= MAX_PATH_BYTES) return undefined;
    return (await folderFault(path.dirname(pipePath), host.uid)) === undefined ? pipePath : undefined;
  } catch {
    // No note, or the folder that it names is gone.
    return undefined;
  }
}

async function pipeFolder(host: PipeHost): Promise<string> {
  const runtime = host.environment("XDG_RUNTIME_DIR");
  // The variable outlives its folder after `su`, and in containers that never had one.
  if (runtime && path.isAbsolute(runtime) && (await isFolder(runtime))) return path.join(runtime, "postern");
  return path.join(host.tmpdir, `postern-${host.uid}`);
}

async function isFolder(candidate: string): Promise<boolean> {
  try {
    return (await stat(candidate)).isDirectory();
  } catch {
    return false;
  }
}

/** Creates the folder if need be, and refuses one that another user could have planted or could look into. */
async function privateFolder(folder: string, uid: number): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const fault = await folderFault(folder, uid);
  if (fault !== undefined) {
    throw new Error(
      `Postern does not use ${folder} for its private socket: ${fault}. Remove it and try again.`,
    );
  }
}

async function folderFault(folder: string, uid: number): Promise<string | undefined> {
  const found = await lstat(folder);
  if (found.isSymbolicLink()) return "it is a symbolic link";
  if (!found.isDirectory()) return "it is not a folder";
  if (found.uid !== uid) return "it belongs to another user";
  return (found.mode & 0o077) !== 0 ? "other users have access to it" : undefined;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
