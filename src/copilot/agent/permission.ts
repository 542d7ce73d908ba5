import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
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
    case "write":
      return {
        kind: "edit",
        path: request.fileName,
        inside: isInside(request.fileName, folder),
        diff: request.diff,
        ...(request.newFileContents === undefined ? {} : { newText: request.newFileContents }),
      };
    case "shell":
      return {
        kind: "command",
        command: request.fullCommandText,
        intention: request.intention,
        readOnly: isReadOnly(request),
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

type ShellRequest = Extract<PermissionRequest, { readonly kind: "shell" }>;

/** By the runtime's own word; what writes into a file or goes to the network is none. */
function isReadOnly({ commands, hasWriteFileRedirection, possibleUrls }: ShellRequest): boolean {
  return (
    commands.length > 0 &&
    commands.every(({ readOnly }) => readOnly) &&
    !hasWriteFileRedirection &&
    possibleUrls.length === 0
  );
}

/**
 * Whether a path is in a folder when links are followed: a repository may have one that leads out of it. Of what is not
 * there yet the nearest folder that is decides. The inside of `.git` counts as outside, since git runs what it finds there.
 */
export function isInside(path: string, folder: string): boolean {
  const absolute = isAbsolute(path) ? path : resolve(folder, path);
  const within = relative(real(folder), real(absolute));
  if (within.startsWith("..") || isAbsolute(within)) return false;
  return !within.split(/[\\/]/).some((part) => part.toLowerCase() === ".git");
}

function real(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(real(parent), basename(path));
  }
}
