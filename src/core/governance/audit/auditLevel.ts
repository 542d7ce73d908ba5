import type { AuditConfig, AuditLevel } from "../../config/schema";
import type { Caller } from "../caller";
import { fitsFolder } from "../policy/conditions";

/** How much is kept of a caller's requests: by its gateway key, else by its workspace, else as for everything. */
export function auditLevelFor(config: AuditConfig, caller: Caller): AuditLevel {
  const byKey = caller.kind === "gatewayKey" ? ownLevel(config.keys, caller.name) : undefined;
  if (byKey !== undefined) return byKey;
  const folder = caller.workspace?.folder;
  const found = Object.entries(config.workspaces).find(([pattern]) =>
    fitsFolder(pattern, folder || undefined),
  );
  return found?.[1] ?? config.level;
}

function ownLevel(levels: Readonly<Record<string, AuditLevel>>, name: string): AuditLevel | undefined {
  return Object.hasOwn(levels, name) ? levels[name] : undefined;
}
