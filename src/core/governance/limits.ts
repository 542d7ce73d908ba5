import type { EngineGatewayKey } from "../config/engineGatewayKey";
import type { BudgetConfig } from "../config/schema";
import { microUsdOf } from "./money";
import type { Held } from "./openRequest";
import type { Period } from "./period";
import type { Scope, Totals } from "./spend";

/** What a limit counts. Premium requests are counted in thousandths, since their multipliers are fractions. */
export type Measure = "microUsd" | "tokens" | "requests" | "premiumMilli";

/** One amount that must not be gone beyond: a budget has one, a gateway key's budget may have several. */
export interface Limit {
  /** Tells it from every other one; the same as long as what is counted stays the same. */
  readonly id: string;
  readonly of: "budget" | "gatewayKey";
  /** The budget's name, or the gateway key's. */
  readonly name: string;
  readonly scope: Scope;
  readonly measure: Measure;
  readonly amount: number;
  readonly period: Period;
  /** What would go beyond is refused; otherwise it is only warned about. */
  readonly hard: boolean;
  /** From which part of the amount on is warned, 0 to 1. */
  readonly warnAt: number;
  /** What becomes of a request without a known price, where the limit is on money. */
  readonly unpriced: "allow" | "refuse";
}

/** From where on a gateway key's own budget is warned about. */
const KEY_WARN_AT = 0.8;

/** Every limit of a configuration, budgets first. */
export function limitsOf(budgets: readonly BudgetConfig[], keys: readonly EngineGatewayKey[]): Limit[] {
  return [...budgets.flatMap(limitsOfBudget), ...keys.flatMap(limitsOfKey)];
}

function limitsOfBudget({ name, scope, usd, tokens, requests, ...rest }: BudgetConfig): Limit[] {
  const base = { of: "budget" as const, name, scope: scopeOf(scope), ...rest };
  return amountsOf({ usd, tokens, requests }).map(([measure, amount]) => ({
    ...base,
    id: `budget ${name} ${measure} ${rest.period} ${base.scope.kind} ${base.scope.name}`,
    measure,
    amount,
  }));
}

function limitsOfKey({ name, budget }: EngineGatewayKey): Limit[] {
  if (!budget) return [];
  const { period, ...amounts } = budget;
  return amountsOf(amounts).map(([measure, amount]) => ({
    id: `key ${name} ${measure} ${period}`,
    of: "gatewayKey",
    name,
    scope: { kind: "gatewayKey", name },
    measure,
    amount,
    period,
    hard: true,
    warnAt: KEY_WARN_AT,
    unpriced: "allow",
  }));
}

interface Amounts {
  readonly usd?: number | undefined;
  readonly tokens?: number | undefined;
  readonly requests?: number | undefined;
  readonly premiumRequests?: number | undefined;
}

function amountsOf({ usd, tokens, requests, premiumRequests }: Amounts): [Measure, number][] {
  const found: [Measure, number | undefined][] = [
    ["microUsd", usd === undefined ? undefined : microUsdOf(usd)],
    ["tokens", tokens],
    ["requests", requests],
    ["premiumMilli", premiumRequests === undefined ? undefined : premiumRequests * 1000],
  ];
  return found.filter((entry): entry is [Measure, number] => entry[1] !== undefined);
}

function scopeOf(scope: BudgetConfig["scope"]): Scope {
  if (scope === "all") return { kind: "all", name: "" };
  const [part] = Object.entries(scope).filter(([, value]) => value !== undefined);
  const [kind, name = ""] = part ?? ["all"];
  if (kind === "workspace") return { kind, name: folderOf(name) };
  if (kind === "extension") return { kind, name: name.toLowerCase() };
  return { kind: kind === "key" ? "gatewayKey" : (kind as Scope["kind"]), name };
}

/**
 * A folder as requests name it: without a separator at its end, unless it is a root, and on Windows as VS Code writes
 * it, with its drive in a small letter.
 */
function folderOf(path: string): string {
  const named = /^[A-Za-z]:[\\/]/.test(path)
    ? path.charAt(0).toLowerCase() + path.slice(1).replaceAll("/", "\\")
    : path;
  return /^([a-z]:)?[\\/]+$/.test(named) ? named : named.replace(/[\\/]+$/, "");
}

/** What totals say of a measure. */
export function amountIn(totals: Totals, measure: Measure): number {
  return measure === "tokens" ? totals.inputTokens + totals.outputTokens : totals[measure];
}

/** How much of that amount is estimated. */
export function estimatedIn(totals: Totals, measure: Measure): number {
  if (measure === "microUsd") return totals.estimatedMicroUsd;
  if (measure === "premiumMilli") return totals.estimatedPremiumMilli;
  return measure === "tokens" ? totals.estimatedInputTokens + totals.estimatedOutputTokens : 0;
}

/** What is held of a measure. */
export function heldIn(held: Held, measure: Measure): number {
  return measure === "tokens" ? held.inputTokens + held.outputTokens : held[measure];
}
