import { environmentReference } from "../../core/config/reference";
import type { CredentialConfig } from "../../core/config/schema";
import type { ProviderPatch } from "../settings/providerEdits";

/** A provider's entry as it stands in the settings. */
type Raw = Readonly<Record<string, unknown>>;

/** What a provider has so far, in a list: what it names, or the keys that are stored for it. */
function listOf(raw: Raw, hasStored: boolean): readonly unknown[] {
  if (Array.isArray(raw.credentials)) return raw.credentials;
  for (const as of ["bearerToken", "apiKey"] as const) {
    const value = raw[as];
    const name = typeof value === "string" ? environmentReference(value) : undefined;
    if (name !== undefined) return [{ kind: "env", name, ...(as === "apiKey" ? {} : { as }) }];
  }
  return hasStored ? [{ kind: "stored" }] : [];
}

function patch(credentials: readonly unknown[]): ProviderPatch {
  return {
    credentials: credentials.length === 0 ? undefined : credentials,
    apiKey: undefined,
    bearerToken: undefined,
  };
}

/** Adds one behind those that are there. */
export function withCredential(raw: Raw, hasStored: boolean, credential: CredentialConfig): ProviderPatch {
  return patch([...listOf(raw, hasStored), plain(credential)]);
}

/** Puts one in the place of all that are there; stored keys stay stored. */
export function onlyCredential(credential: CredentialConfig): ProviderPatch {
  return patch([plain(credential)]);
}

/** What the settings do with a stored key: the first place that means it counts. */
export function useOfStored(raw: Raw, label: string): "used" | "off" | "notNamed" {
  if (!Array.isArray(raw.credentials)) return listOf(raw, true).every(isStored) ? "used" : "notNamed";
  const entry = raw.credentials.find((other) => meansStored(other, label));
  if (entry === undefined) return "notNamed";
  return (entry as { readonly enabled?: unknown }).enabled === false ? "off" : "used";
}

/** Makes sure that a stored key is used, beside all that is; undefined if it is. */
export function withStored(raw: Raw, label: string): ProviderPatch | undefined {
  const use = useOfStored(raw, label);
  if (use === "used") return undefined;
  const list = listOf(raw, false);
  if (use === "notNamed") return patch([...list, { kind: "stored" }]);
  const at = list.findIndex((other) => meansStored(other, label));
  const { enabled: _, ...entry } = list[at] as Record<string, unknown>;
  // Of keys that are switched off together only this one is meant.
  const rest = "label" in entry ? list.slice(at + 1) : list.slice(at);
  return patch([...list.slice(0, at), { ...entry, label }, ...rest]);
}

function meansStored(entry: unknown, label: string): boolean {
  if (!isStored(entry)) return false;
  const own = (entry as { readonly label?: unknown }).label;
  return own === undefined || own === label;
}

export function withoutPlace(raw: Raw, place: number): ProviderPatch {
  return patch(listOf(raw, false).filter((_, at) => at !== place));
}

export function relabelled(raw: Raw, place: number, label: string): ProviderPatch {
  return patch(
    listOf(raw, false).map((entry, at) => (at === place ? { ...(entry as object), label } : entry)),
  );
}

/** Switches one on or off; what is there by itself becomes a list first. */
export function switched(
  raw: Raw,
  hasStored: boolean,
  place: number | undefined,
  label: string,
  on: boolean,
): ProviderPatch {
  const list = [...listOf(raw, hasStored)];
  const at = place ?? list.length - 1;
  const entry = list[at];
  if (typeof entry !== "object" || entry === null) return patch(list);
  const { enabled: _, ...rest } = entry as Record<string, unknown>;
  // Of all stored keys only this one is meant.
  if (isStored(entry) && !("label" in rest) && !on)
    return patch([...list.slice(0, at), { ...rest, label, enabled: false }, ...list.slice(at)]);
  list[at] = on ? rest : { ...rest, enabled: false };
  return patch(list);
}

/** One place up or down; undefined at the end of the list. */
export function movedPlace(raw: Raw, place: number, direction: "up" | "down"): ProviderPatch | undefined {
  const list = [...listOf(raw, false)];
  const to = direction === "up" ? place - 1 : place + 1;
  if (to < 0 || to >= list.length) return undefined;
  [list[place], list[to]] = [list[to], list[place]];
  return patch(list);
}

/** Whether a place of the list stands for every stored key. */
export function standsForAll(raw: Raw, place: number): boolean {
  const entry = listOf(raw, false)[place];
  return isStored(entry) && !("label" in (entry as object));
}

function isStored(entry: unknown): boolean {
  return typeof entry === "object" && entry !== null && "kind" in entry && entry.kind === "stored";
}

/** Without the defaults, as a person would write it. */
function plain(credential: CredentialConfig): CredentialConfig {
  const { ...fields } = credential as Record<string, unknown>;
  if (fields.kind === "env" && fields.as === "apiKey") delete fields.as;
  if (fields.kind === "command" && fields.as === "bearerToken") delete fields.as;
  if (fields.kind === "command" && fields.timeoutSeconds === 30) delete fields.timeoutSeconds;
  return fields as CredentialConfig;
}
