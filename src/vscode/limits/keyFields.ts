import type { KeyBudget } from "../../core/config/schema";
import { limitsOf, type Measure } from "../../core/governance/limits";
import { allowanceText } from "../../core/governance/limitText";
import type { GatewayKeyEntry, GatewayKeyLimits } from "../state";

/** A gateway key's limits in a few words each: `$5.00 a day`, `60 requests/min`. */
export function limitWords({
  limits = {},
  expiresAt,
}: Pick<GatewayKeyEntry, "limits" | "expiresAt">): string[] {
  const { models, budget, requestsPerMinute, tokensPerMinute } = limits;
  const amounts = budget ? limitsOf([], [{ name: "", budget }]) : [];
  return [
    ...amounts.map(allowanceText),
    ...(requestsPerMinute === undefined ? [] : [`${grouped(requestsPerMinute)} requests/min`]),
    ...(tokensPerMinute === undefined ? [] : [`${grouped(tokensPerMinute)} tokens/min`]),
    ...(models === undefined ? [] : [models.length === 0 ? "no models" : models.join(", ")]),
    ...(expiresAt === undefined ? [] : [`until ${dateText(expiresAt)}`]),
  ];
}

/** What a person may change of a gateway key, in the order of the menu. */
export const KEY_FIELDS = [
  "models",
  "budget",
  "requestsPerMinute",
  "tokensPerMinute",
  "expires",
  "labels",
] as const;
export type KeyField = (typeof KEY_FIELDS)[number];

export const KEY_FIELD_TITLES: Readonly<Record<KeyField, string>> = {
  models: "Models",
  budget: "Budget",
  requestsPerMinute: "Requests per minute",
  tokensPerMinute: "Tokens per minute",
  expires: "Expiry",
  labels: "Labels",
};

/** What a field says now, for the menu. */
export function fieldText(field: KeyField, limits: GatewayKeyLimits, expires: unknown): string {
  switch (field) {
    case "models":
      return limits.models?.join(", ") ?? "all";
    case "budget":
      return limits.budget
        ? limitsOf([], [{ name: "", budget: limits.budget }])
            .map(allowanceText)
            .join(", ")
        : "none";
    case "expires":
      return typeof expires === "string" ? expires : "never";
    case "labels":
      return limits.labels ? labelsText(limits.labels) : "none";
    default: {
      const value = limits[field];
      return value === undefined ? "no limit" : grouped(value);
    }
  }
}

/** `team=web, bucket=research` */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

/** @returns undefined where the text is empty; a fault where it cannot be read */
export function parseLabels(text: string): { labels?: Record<string, string> } | { fault: string } {
  const parts = listOf(text);
  if (parts.length === 0) return {};
  const labels: Record<string, string> = {};
  for (const part of parts) {
    const [, name, value] = /^([^=\s]+)\s*=\s*(.+)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) return { fault: `"${part}" is not name=value` };
    labels[name] = value;
  }
  return { labels };
}

/** Parts between commas. */
export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** A count as a person writes it: 100000, 100,000, 100k, 2M. Undefined for what is none. */
export function parseCount(text: string): number | undefined {
  const [, digits, unit] = /^((?:\d{1,3}(?:[,_ ]\d{3})+|\d+)(?:\.\d+)?)\s*([kKmM]?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  // By the decimals as they are written: 2.01 times 1000 is not 2010.
  const exponent = { k: 3, m: 6 }[unit?.toLowerCase() ?? ""] ?? 0;
  const value = Number(`${digits.replace(/[,_ ]/g, "")}e${exponent}`);
  return Number.isInteger(value) ? value : undefined;
}

/**
 * An amount of a budget as a person writes it; dollars may have cents and a sign in front. A comma parts thousands and
 * nothing else: whoever means 2.50 with 2,50 must not get a budget of 250.
 */
export function parseAmount(measure: Measure, text: string): number | undefined {
  if (measure !== "microUsd") return parseCount(text);
  const [, digits] =
    /^\$?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,6})?|\.\d{1,6})\s*(?:\$|usd)?$/i.exec(text.trim()) ?? [];
  return digits === undefined ? undefined : Number(digits.replace(/,/g, ""));
}

/** Which of a budget's fields holds the amount of a measure. */
export const BUDGET_FIELDS: Readonly<Record<Measure, "usd" | "tokens" | "requests" | "premiumRequests">> = {
  microUsd: "usd",
  tokens: "tokens",
  requests: "requests",
  premiumMilli: "premiumRequests",
};

/** A budget with one of its amounts changed; undefined where no amount is left. */
export function withAmount(
  budget: KeyBudget | undefined,
  measure: Measure,
  amount: number | undefined,
  period: KeyBudget["period"],
): KeyBudget | undefined {
  const { [BUDGET_FIELDS[measure]]: _, ...rest } = budget ?? {};
  const changed = { ...rest, ...(amount === undefined ? {} : { [BUDGET_FIELDS[measure]]: amount }), period };
  const { period: __, ...amounts } = changed as KeyBudget;
  return Object.values(amounts).some((value) => value !== undefined) ? (changed as KeyBudget) : undefined;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** Local date, with the time where it is not midnight. */
export function dateText(at: number): string {
  const moment = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  return time === "00:00" ? date : `${date} ${time}`;
}
