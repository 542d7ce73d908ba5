import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { WorkspaceOrigin } from "../../core/governance/caller";
import { branchOf, remoteOf } from "../../core/governance/gitFacts";

/** A branch is not switched more often than a request can tell. */
const FRESH_MS = 2_000;
/** No repository's HEAD or configuration is longer; what is beyond is not read. */
const MAX_BYTES = 64 * 1024;
const MAX_PARENTS = 40;
/** Folders that are remembered; more are forgotten all at once. */
const MAX_FOLDERS = 200;

/** What git says of workspace folders, read from the repositories' own files: no git is run, so no hook either. */
export class GitOrigins {
  private readonly known = new Map<string, { readonly at: number; readonly origin: WorkspaceOrigin }>();

  /** @param now milliseconds */
  constructor(private readonly now: () => number) {}

  /** A folder whose terminals have a key is trusted: no other gets one. */
  origin(folder: string): WorkspaceOrigin {
    const known = this.known.get(folder);
    const now = this.now();
    if (known && Math.abs(now - known.at) < FRESH_MS) return known.origin;
    const origin = { folder, trusted: true, ...gitFacts(folder) };
    if (this.known.size >= MAX_FOLDERS) this.known.clear();
    this.known.set(folder, { at: now, origin });
    return origin;
  }
}

function gitFacts(folder: string): Pick<WorkspaceOrigin, "branch" | "remote"> {
  const git = gitFolder(folder);
  if (git === undefined) return {};
  // A worktree has a HEAD of its own and shares the rest.
  const common = readText(join(git, "commondir"))?.trim();
  const shared = (common && within(git, common)) || git;
  const branch = branchOf(readText(join(git, "HEAD")) ?? "");
  const remote = remoteOf(readText(join(shared, "config")) ?? "");
  return { ...(branch === undefined ? {} : { branch }), ...(remote === undefined ? {} : { remote }) };
}

/** The repository's own folder: `.git` here or further up, or where a file of that name points to. */
function gitFolder(folder: string): string | undefined {
  let at = folder;
  for (let depth = 0; depth < MAX_PARENTS; depth += 1) {
    const candidate = join(at, ".git");
    try {
      if (statSync(candidate).isDirectory()) return candidate;
      const pointed = /^gitdir:\s*(.+?)\s*$/m.exec(readText(candidate) ?? "")?.[1];
      return pointed === undefined ? undefined : within(at, pointed);
    } catch {
      const parent = dirname(at);
      if (parent === at) return undefined;
      at = parent;
    }
  }
  return undefined;
}

/** A path that a repository names; none on another machine, which Windows would log in to. */
function within(base: string, path: string): string | undefined {
  if (/^[\\/]{2}/.test(path)) return undefined;
  return isAbsolute(path) ? path : resolve(base, path);
}

/** The text of a small regular file; a pipe or a device that a repository put there is not waited for. */
function readText(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return undefined;
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(Math.min(fstatSync(file).size, MAX_BYTES));
      return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
