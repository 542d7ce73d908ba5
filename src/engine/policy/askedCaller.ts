import { resolve } from "node:path";
import type { EngineGatewayKey } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import type { PolicyQuestion } from "../../core/rpc/audit";

/**
 * Who would send the request that somebody asks about.
 * @param labels beside those of the gateway key
 * @throws PosternError invalid_request for a gateway key that is not there
 */
export function askedCaller(
  { key, workspace, remote, trusted }: PolicyQuestion,
  keys: readonly EngineGatewayKey[],
  labels: Readonly<Record<string, string>> = {},
): Caller {
  const known = keys.find(({ name }) => name === key);
  if (key !== undefined && !known)
    throw new PosternError("invalid_request", `There is no gateway key named ${JSON.stringify(key)}.`);
  const place = workspace ?? remote ?? trusted;
  return {
    kind: "gatewayKey",
    name: key ?? "",
    labels: { ...known?.labels, ...labels },
    ...(place === undefined
      ? {}
      : {
          workspace: {
            folder: workspace ? resolve(workspace) : "",
            ...(remote === undefined ? {} : { remote }),
            ...(trusted === undefined ? {} : { trusted }),
          },
        }),
  };
}
