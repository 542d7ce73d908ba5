import { concernOf } from "../../core/diagnosis/finding";
import type { ProviderStatus } from "../../core/rpc/contract";
import type { EngineState } from "../engine/state";
import type { KeyPresence, ProviderEntry, UsableEntry } from "../state";
import type { TreeIcon } from "./treeNode";
import { verdictClause } from "./verdict";

/** How a provider stands, for a row, a hover and a screen reader. */
export interface ProviderStanding {
  readonly kind: "ready" | "disabled" | "keyMissing" | "failing" | "faulty" | "restarting";
  /** Short: "key set", "failing: …". */
  readonly text: string;
  readonly icon: TreeIcon;
  /** Whether a key, or another one, is what it lacks. */
  readonly keyWanted: boolean;
}

/** What the engine says about a provider, if it is connected. */
export function statusOf(engine: EngineState, id: string): ProviderStatus | undefined {
  return engine.kind === "ready" ? engine.status.providers.find((provider) => provider.id === id) : undefined;
}

/**
 * Settings and secrets of this window come first, since they are newer than what the engine has said; the engine alone
 * knows whether calls succeed.
 */
export function providerStanding(entry: ProviderEntry, engine: EngineState): ProviderStanding {
  if (entry.faulty) {
    return standing("faulty", `faulty: ${entry.problems[0]?.message ?? "its configuration cannot be used"}`);
  }
  if (!entry.enabled) return standing("disabled", "disabled");
  if (entry.key.kind === "missing") {
    const plain = entry.key.reason === "no key is set";
    return standing("keyMissing", plain ? "key missing" : `key missing: ${entry.key.reason}`);
  }
  if (engine.kind === "restarting") return standing("restarting", "restarting…");
  const status = statusOf(engine, entry.id);
  const detail = status?.detail === undefined ? undefined : verdictClause(status.detail, entry.id);
  if (status?.state === "failing") {
    const keyWanted = status.finding !== undefined && concernOf(status.finding) === "key";
    return standing("failing", `failing: ${detail ?? "the last call failed"}`, keyWanted);
  }
  if (status?.state === "faulty")
    return standing("faulty", `faulty: ${detail ?? "its configuration cannot be used"}`);
  if (status?.state === "keyMissing") return standing("keyMissing", "key missing");
  return standing("ready", keysText(entry));
}

type PresentKind = Exclude<KeyPresence["kind"], "missing">;

const KEY_TEXT: Readonly<Record<PresentKind, string>> = {
  stored: "key set",
  environment: "key set, from the environment",
  command: "token from a command",
  entra: "token of a Microsoft account",
  github: "token of a GitHub account",
  notNeeded: "no key needed",
};

/** Which keys it has; labels say something once there are several, or once the person has given one. */
function keysText({ key, credentials }: UsableEntry): string {
  if (key.kind === "missing") return key.reason;
  const usable = credentials.filter(
    (credential) => (credential.usable || credential.why === "idle") && credential.source !== "none",
  );
  if (usable.length > 1) {
    const labels = usable.map(({ label }) => label);
    const shown = labels.length > 3 ? [...labels.slice(0, 3), `${labels.length - 3} more`] : labels;
    return `${usable.length} credentials: ${shown.join(", ")}`;
  }
  const [only] = usable;
  const named = only?.source === "stored" && only.label !== "key" && only.label !== "token";
  return named ? `key set: ${only.label}` : KEY_TEXT[key.kind];
}

const ICONS: Record<ProviderStanding["kind"], TreeIcon> = {
  ready: { id: "pass-filled", color: "testing.iconPassed" },
  disabled: { id: "circle-slash", color: "disabledForeground" },
  keyMissing: { id: "key", color: "list.warningForeground" },
  failing: { id: "error", color: "list.errorForeground" },
  faulty: { id: "warning", color: "list.errorForeground" },
  restarting: { id: "sync~spin" },
};

function standing(kind: ProviderStanding["kind"], text: string, keyWanted = false): ProviderStanding {
  return { kind, text, icon: ICONS[kind], keyWanted: kind === "keyMissing" || keyWanted };
}
