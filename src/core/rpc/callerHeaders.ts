import * as z from "zod";
import type { Caller, WorkspaceOrigin } from "../governance/caller";
import { parseJson } from "../json/access";

/**
 * Headers in which a window says for whom it asks. Only the private socket honours them; on the gateway's port anybody
 * could write them, so there they mean nothing. They never go on to a provider.
 */
export const CALLER_HEADER = "x-postern-caller";
export const WORKSPACE_HEADER = "x-postern-workspace";
/** A conversation's name, so that its requests can stay with one target and its prompt cache. */
export const SESSION_HEADER = "x-postern-session";

/** On an answer: nothing was done, because the engine is being replaced; its successor is to be asked. */
export const LEAVING_HEADER = "x-postern-leaving";

/** Who asks where a window does not say: VS Code's own Chat through the API names itself, a test may not. */
const UNNAMED = "vscode";
const MAX_TEXT = 4096;

const text = z.string().min(1).max(MAX_TEXT);
const workspaceSchema = z.object({
  folder: text,
  remote: text.optional(),
  branch: text.optional(),
  trusted: z.boolean().optional(),
});

/** What a window knows of a request of its own. */
export interface ChatOrigin {
  /** Id of the extension that asked. */
  readonly caller?: string;
  readonly workspace?: WorkspaceOrigin;
  readonly session?: string;
}

/** The headers that say so; values are percent-encoded, since paths and branches may be in any script. */
export function callerHeaders({ caller, workspace, session }: ChatOrigin): Record<string, string> {
  return {
    ...(caller === undefined ? {} : { [CALLER_HEADER]: encodeURIComponent(caller) }),
    ...(workspace === undefined ? {} : { [WORKSPACE_HEADER]: encodeURIComponent(JSON.stringify(workspace)) }),
    ...(session === undefined ? {} : { [SESSION_HEADER]: encodeURIComponent(session) }),
  };
}

/**
 * The caller that a window's request names. What cannot be read is left out: a request is not refused for where it
 * comes from being unknown.
 */
export function callerOfHeaders(header: (name: string) => string | undefined): Caller {
  const name = decoded(header(CALLER_HEADER));
  const workspace = workspaceSchema.safeParse(parseJson(decoded(header(WORKSPACE_HEADER)) ?? ""));
  return {
    kind: "vscode",
    // As people write ids, in which VS Code does not tell cases apart.
    name: name === undefined || name.length > MAX_TEXT ? UNNAMED : name.toLowerCase(),
    labels: {},
    ...(workspace.success ? { workspace: originOf(workspace.data) } : {}),
  };
}

function originOf({ folder, remote, branch, trusted }: z.infer<typeof workspaceSchema>): WorkspaceOrigin {
  return {
    folder,
    ...(remote === undefined ? {} : { remote }),
    ...(branch === undefined ? {} : { branch }),
    ...(trusted === undefined ? {} : { trusted }),
  };
}

function decoded(value: string | undefined): string | undefined {
  if (!value) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
