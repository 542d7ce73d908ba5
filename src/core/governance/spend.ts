import type { Caller } from "./caller";
import type { RequestRecord } from "./requestRecord";

/** By what spend is added up, and limited. A caller is a gateway key, or an extension in VS Code. */
export type ScopeKind =
  | "all"
  | "provider"
  | "model"
  | "gatewayKey"
  | "extension"
  | "workspace"
  | "label"
  | "tool";

/**
 * One thing that spend is added up for. The name is, by kind: empty for `all`, a provider's id, `provider/model`, a
 * gateway key's name, an extension's id, a workspace's folder, `label=value`, a tool.
 */
export interface Scope {
  readonly kind: ScopeKind;
  readonly name: string;
}

export const EVERYTHING: Scope = { kind: "all", name: "" };

/** Sums over requests. All are integers; a field's name says what is in it. */
export interface Totals {
  /** Requests to a model. Refused ones are counted apart, and counting tokens is none. */
  readonly requests: number;
  /** Postern itself said no, before a provider was asked. */
  readonly refused: number;
  /** Of the requests: failed, or their answer was cut. */
  readonly failed: number;
  /** Of the requests: answered without a usage report. */
  readonly unreported: number;
  /** Of the requests: tokens were used, and no price is known for them. */
  readonly unpriced: number;
  readonly inputTokens: number;
  /** Of the input: read from a prompt cache. */
  readonly cachedInputTokens: number;
  /** Of the input: written to a prompt cache. */
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** Of the input: not reported, estimated. */
  readonly estimatedInputTokens: number;
  /** Of the output: not reported, estimated. */
  readonly estimatedOutputTokens: number;
  /** In millionths of a US dollar. */
  readonly microUsd: number;
  /** Of the cost: estimated. */
  readonly estimatedMicroUsd: number;
  /** Premium requests in thousandths: their multipliers are fractions. */
  readonly premiumMilli: number;
  /** Of the premium requests: not reported, but the model's multiplier. */
  readonly estimatedPremiumMilli: number;
}

/** Every field of the totals, in the order in which the ledger keeps them. */
export const TOTALS_FIELDS = [
  "requests",
  "refused",
  "failed",
  "unreported",
  "unpriced",
  "inputTokens",
  "cachedInputTokens",
  "cacheWriteTokens",
  "outputTokens",
  "estimatedInputTokens",
  "estimatedOutputTokens",
  "microUsd",
  "estimatedMicroUsd",
  "premiumMilli",
  "estimatedPremiumMilli",
] as const satisfies readonly (keyof Totals)[];

export const NO_TOTALS: Totals = Object.freeze(
  Object.fromEntries(TOTALS_FIELDS.map((field) => [field, 0])) as unknown as Totals,
);

/** Totals that are being added up. */
export type RunningTotals = { -readonly [Field in keyof Totals]: number };

/** @param times -1 takes `more` away again */
export function addInto(sum: RunningTotals, more: Totals, times = 1): void {
  for (const field of TOTALS_FIELDS) sum[field] += more[field] * times;
}

export function addTotals(totals: Totals, more: Totals): Totals {
  const sum = { ...totals };
  addInto(sum, more);
  return sum;
}

/** What one request adds to the totals of each of its scopes. */
export function totalsOf(record: RequestRecord): Totals {
  if (record.operation === "countTokens" || record.operation === "models") return NO_TOTALS;
  if (record.outcome === "refused") return { ...NO_TOTALS, refused: 1 };
  const { usage, cost } = record;
  const input = usage?.inputTokens ?? 0;
  const output = usage?.outputTokens ?? 0;
  const estimated = usage !== undefined && record.usageBasis === "estimated";
  const premiumMilli = Math.round((record.premiumRequests ?? 0) * 1000);
  const answered = record.outcome === "answered" && record.status < 300;
  return {
    requests: 1,
    refused: 0,
    failed: record.outcome === "failed" || record.outcome === "cut" ? 1 : 0,
    unreported: answered && (usage === undefined || estimated) ? 1 : 0,
    unpriced: usage !== undefined && cost === undefined ? 1 : 0,
    inputTokens: input,
    cachedInputTokens: usage?.cachedInputTokens ?? 0,
    cacheWriteTokens: usage?.cacheWriteTokens ?? 0,
    outputTokens: output,
    estimatedInputTokens: estimated ? input : 0,
    estimatedOutputTokens: estimated ? output : 0,
    microUsd: cost?.microUsd ?? 0,
    estimatedMicroUsd: cost?.basis === "estimated" ? cost.microUsd : 0,
    premiumMilli,
    estimatedPremiumMilli: record.premiumBasis === "estimated" ? premiumMilli : 0,
  };
}

/** What scopes need to know of a request; a record has it, and so has one that is still running. */
export interface Scoped {
  readonly caller: Caller;
  readonly provider?: string;
  readonly model?: string;
  readonly tool?: string;
}

/** Every scope that a request counts in. */
export function scopesOf({ caller, provider, model, tool }: Scoped): Scope[] {
  const scopes: Scope[] = [
    EVERYTHING,
    { kind: caller.kind === "vscode" ? "extension" : "gatewayKey", name: caller.name },
  ];
  if (provider !== undefined) scopes.push({ kind: "provider", name: provider });
  if (provider !== undefined && model !== undefined)
    scopes.push({ kind: "model", name: `${provider}/${model}` });
  if (caller.workspace) scopes.push({ kind: "workspace", name: caller.workspace.folder });
  if (tool !== undefined) scopes.push({ kind: "tool", name: tool });
  for (const [label, value] of Object.entries(caller.labels))
    scopes.push({ kind: "label", name: `${label}=${value}` });
  return scopes;
}

export function sameScope(one: Scope, other: Scope): boolean {
  return one.kind === other.kind && one.name === other.name;
}
