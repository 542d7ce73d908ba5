import type { AuditConfig, AuditLevel } from "../../config/schema";
import { matchesPath } from "../../text/glob";
import type { Caller } from "../caller";

/** How much is kept of a caller's requests: by its gateway key, else by its workspace, else as for everything. */
export function auditLevelFor(config: AuditConfig, caller: Caller): AuditLevel {
  const byKey = caller.kind === "gatewayKey" ? ownLevel(config.keys, caller.name) : undefined;
  if (byKey !== undefined) return byKey;
  const folder = caller.workspace?.folder;
  const found = Object.entries(config.workspaces).find(
    ([pattern]) => folder !== undefined && folder !== "" && matchesPath(pattern, folder),
  );
  return found?.[1] ?? config.level;
}

function ownLevel(levels: Readonly<Record<string, AuditLevel>>, name: string): AuditLevel | undefined {
  return Object.hasOwn(levels, name) ? levels[name] : undefined;
}
