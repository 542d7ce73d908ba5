import { resolve } from "node:path";
import type { EngineGatewayKey } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import type { Caller, WorkspaceOrigin } from "../../core/governance/caller";
import type { PolicyQuestion } from "../../core/rpc/audit";

/** What git says of a folder. */
export type OriginOf = (folder: string) => WorkspaceOrigin;

/**
 * Who would send the request that somebody asks about. A key that was minted for a workspace comes from there, and
 * what is not said of a workspace is looked up in its repository.
 * @param labels beside those of the gateway key
 * @throws PosternError invalid_request for a gateway key that is not there
 */
export function askedCaller(
  { key, workspace, remote, trusted }: PolicyQuestion,
  keys: readonly EngineGatewayKey[],
  originOf: OriginOf,
  labels: Readonly<Record<string, string>> = {},
): Caller {
  const known = keys.find(({ name }) => name === key);
  if (key !== undefined && !known)
    throw new PosternError("invalid_request", `There is no gateway key named ${JSON.stringify(key)}.`);
  const folder = workspace === undefined ? known?.workspaceFolder : resolve(workspace);
  const found = folder === undefined ? undefined : originOf(folder).remote;
  const said = {
    ...((remote ?? found) === undefined ? {} : { remote: remote ?? found }),
    ...(trusted === undefined ? {} : { trusted }),
  } as Omit<WorkspaceOrigin, "folder">;
  const place = folder ?? remote ?? trusted;
  return {
    kind: "gatewayKey",
    name: key ?? "",
    labels: { ...known?.labels, ...labels },
    ...(place === undefined ? {} : { workspace: { folder: folder ?? "", ...said } }),
  };
}
