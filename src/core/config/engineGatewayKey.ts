import { type Environment, mistakenReference, resolveReference } from "./reference";
import type { GatewayKeyConfig, KeyBudget } from "./schema";

/** A gateway key as the engine knows it. */
export interface EngineGatewayKey {
  readonly name: string;
  /** The gateway key itself, where it comes from the environment; never logged, never in a status. */
  readonly key?: string;
  /** Its hash, where that is all there is. One of the two is given. */
  readonly hash?: string;
  /** Absent: it is accepted. */
  readonly enabled?: boolean;
  /** From when on it is not accepted, in milliseconds since the epoch. */
  readonly expiresAt?: number;
  /** Patterns for what it may use; absent: everything. */
  readonly models?: readonly string[] | undefined;
  readonly budget?: KeyBudget | undefined;
  /** In any 60 seconds. */
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The folder whose terminals have it, where it was minted for a workspace. */
  readonly workspaceFolder?: string;
}

export type ResolvedGatewayKey =
  | { readonly ok: true; readonly key: EngineGatewayKey }
  | { readonly ok: false; readonly fault: string };

/** A configured gateway key with its reference and date resolved. The fault is to be shown after the field's path. */
export function resolveGatewayKey(entry: GatewayKeyConfig, environment: Environment): ResolvedGatewayKey {
  const { key, hash, masked: _, expires, ...rest } = entry;
  const limits = { ...rest, ...(expires === undefined ? {} : { expiresAt: expiryOf(expires) }) };
  if (key === undefined) return { ok: true, key: { ...limits, ...(hash === undefined ? {} : { hash }) } };
  const mistake = mistakenReference(key);
  if (mistake !== undefined) return { ok: false, fault: mistake };
  const resolved = resolveReference(key, environment);
  if (resolved.kind === "unset") {
    return { ok: false, fault: `the environment variable ${resolved.variable} is not set` };
  }
  if (/\s/.test(resolved.value)) return { ok: false, fault: "must not have spaces in it" };
  return { ok: true, key: { ...limits, key: resolved.value } };
}

/** A date is local midnight, when the day begins; a date and time without a zone is local, too. In milliseconds. */
export function expiryOf(expires: string): number {
  return new Date(expires.includes("T") ? expires : `${expires}T00:00`).getTime();
}
