import { PROTOCOL_VERSION } from "../../core/rpc/contract";
import { compareVersions } from "../common/version";

/** join: use it. replace: it is older, it must give way to ours. reload: it is newer and this window cannot speak to it. */
export type JoinDecision = "join" | "replace" | "reload";

/** Decides what to do with a running engine. Several windows may have different versions after an update. */
export function joinDecision(
  engine: { readonly protocolVersion: number; readonly version: string },
  ownVersion: string,
): JoinDecision {
  if (engine.protocolVersion > PROTOCOL_VERSION) return "reload";
  if (engine.protocolVersion < PROTOCOL_VERSION) return "replace";
  return compareVersions(engine.version, ownVersion) < 0 ? "replace" : "join";
}
