import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { PermissionRequest } from "@github/copilot-sdk";
import type { PermissionQuestion } from "../../core/agent/contract";

/** What the runtime asks for, in words of our own. @param folder where the agent works */
export function questionOf(request: PermissionRequest, folder: string): PermissionQuestion {
  switch (request.kind) {
    case "read":
      return {
        kind: "read",
        path: request.path,
        inside: isInside(request.resolvedPath ?? request.path, folder),
      };
    case "write": {
      const { fileName: path, diff, newFileContents: newText } = request;
      const gone = goneIn(diff, path);
      const places = gone.from === undefined ? [path] : [path, gone.from];
      return {
        kind: "edit",
        path,
        inside: places.every((place) => isInside(place, folder)),
        ...(places.some((place) => isGuarded(place, folder)) ? { guarded: true } : {}),
        ...gone,
        diff,
        ...(newText === undefined ? {} : { newText }),
      };
    }
    case "shell":
      return {
        kind: "command",
        command: request.fullCommandText,
        intention: request.intention,
      };
    case "url":
      return { kind: "url", url: request.url };
    case "mcp":
      return {
        kind: "other",
        what: `Call the tool ${request.toolName} of the MCP server ${request.serverName}`,
      };
    default:
      return { kind: "other", what: `Do something that Postern does not know (${request.kind})` };
  }
}

/**
 * What a patch takes away. The runtime (1.0.85) asks about the place where a file is afterwards only, and with no field
 * for where it was: the header of the diff has both, as `--- a/was/here` and `+++ b/is/here`.
 */
function goneIn(diff: string, path: string): { readonly from?: string; readonly deletes?: true } {
  const [, before, after] = /(?:^|\n)--- a([^\n]*?)\r?\n\+\+\+ b([^\n]*?)\r?\n/.exec(diff) ?? [];
  if (before === undefined || after === undefined || before === after || before === "/dev/null") return {};
  if (after === "/dev/null") return { deletes: true };
  // A path that has no slash at its beginning may have been given one.
  const more = after.endsWith(path) ? after.slice(0, -path.length) : "";
  return { from: before.startsWith(more) ? before.slice(more.length) : before };
}

/** What systems take for `.git`: Windows leaves off dots, blanks and streams and has short names, macOS invisible signs. */
const GIT_FOLDER = /^(\.git|git~\d+)[. ]*(:.*)?$/i;
/** The same for VS Code's folder: tasks and settings name programs that it runs. */
const VSCODE_FOLDER = /^(\.vscode|vscode~\d+)[. ]*(:.*)?$/i;
/** A workspace's file holds the same settings and tasks as that folder. */
const WORKSPACE_FILE = /\.code-workspace[. ]*(:.*)?$/i;
/** More links in a row than a system follows. */
const MOST_LINKS = 40;

/**
 * Whether a path is in a folder when links are followed: a repository may have one that leads out of it. Of what is not
 * there yet the nearest folder that is decides. The inside of `.git` counts as outside, since git runs what it finds there.
 */
export function isInside(path: string, folder: string): boolean {
  const absolute = isAbsolute(path) ? path : `${folder}${sep}${path}`;
  try {
    // Who opens it may go up at ".." before following links, or after.
    return [absolute, resolve(absolute)].every((one) => isWithin(real(one), real(folder)));
  } catch {
    return false;
  }
}

/** Whether what is written there may be run or obeyed by a program, with links followed or not. */
function isGuarded(path: string, folder: string): boolean {
  const absolute = isAbsolute(path) ? path : `${folder}${sep}${path}`;
  try {
    const below = [relative(folder, absolute), relative(real(folder), real(absolute))];
    return below.some((one) => hasPart(one, GIT_FOLDER, VSCODE_FOLDER, WORKSPACE_FILE));
  } catch {
    return true;
  }
}

function hasPart(path: string, ...patterns: readonly RegExp[]): boolean {
  const parts = path.split(/[\\/]/).map((part) => part.replace(/\p{Cf}/gu, ""));
  return parts.some((part) => patterns.some((pattern) => pattern.test(part)));
}

function isWithin(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return below.split(/[\\/]/)[0] !== ".." && !isAbsolute(below) && !hasPart(below, GIT_FOLDER);
}

/** @throws where links go round in circles */
function real(path: string, links = 0): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    if (parent === path) return path;
    const target = linkAt(path);
    if (target === undefined) return join(real(parent, links), basename(path));
    // What it points at is not there; writing through it would make it.
    if (links === MOST_LINKS) throw new Error("too many links");
    return real(isAbsolute(target) ? target : `${real(parent, links)}${sep}${target}`, links + 1);
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
