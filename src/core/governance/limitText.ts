import type { Limit, Measure } from "./limits";
import { formatUsd } from "./money";
import { ALL_TIME, type Period, type TimeRange } from "./period";
import type { Scope } from "./spend";

/** `Budget "month"`, `The budget of gateway key "ci"`. */
export function limitTitle({ of, name, measure }: Pick<Limit, "of" | "name" | "measure">): string {
  if (of === "budget") return `Budget "${name}"`;
  const what = measure === "premiumMilli" ? "premium request budget" : "budget";
  return `The ${what} of gateway key "${name}"`;
}

/** An amount with its unit. */
export function amountText(measure: Measure, amount: number): string {
  switch (measure) {
    case "microUsd":
      return formatUsd(amount);
    case "premiumMilli":
      return counted(amount / 1000, "premium request");
    case "tokens":
      return counted(amount, "token");
    case "requests":
      return counted(amount, "request");
  }
}

/** How much of a whole a part is, rounded down: 29 of 100 are `29 %`, though 0.29 times 100 is less than that. */
export function wholePercent(part: number, whole: number): string {
  return `${Math.floor((part * 100) / whole)} %`;
}

/** "1 request", "2 requests". */
export function counted(value: number, noun: string): string {
  return `${value.toLocaleString("en-US")} ${noun}${value === 1 ? "" : "s"}`;
}

/** When a period ends, as a sentence. */
export function resetText(range: TimeRange, now: number): string {
  if (range.until >= ALL_TIME.until) return "It never begins anew.";
  return `It begins anew at ${localTime(range.until)} (in ${durationText(range.until - now)}).`;
}

/** A local date and time: 2026-12-01 00:00. */
export function localTime(at: number): string {
  const moment = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${date} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

/** A stretch of time in its largest unit, rounded up: 40 seconds, 3 hours, 12 days. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  const units: [string, number][] = [
    ["second", 1],
    ["minute", 60],
    ["hour", 3600],
    ["day", 86_400],
  ];
  const [noun, length] = units.findLast(([, size]) => seconds >= size * 2 || size === 1) ?? ["second", 1];
  return counted(Math.ceil(seconds / length), noun);
}

const EVERY: Record<Period, string> = {
  minute: "a minute",
  hour: "an hour",
  day: "a day",
  week: "a week",
  month: "a month",
  total: "in total",
};

/** `$100.00 a month`. */
export function allowanceText({
  measure,
  amount,
  period,
}: Pick<Limit, "measure" | "amount" | "period">): string {
  return `${amountText(measure, amount)} ${EVERY[period]}`;
}

/** How much of it is spent: `$0.45 of $0.50 a month`, `12 of 100 requests a day`. */
export function spentText(limit: Pick<Limit, "measure" | "amount" | "period">, spent: number): string {
  const { measure } = limit;
  const count = measure === "premiumMilli" ? spent / 1000 : spent;
  const part = measure === "microUsd" ? formatUsd(spent) : count.toLocaleString("en-US");
  return `${part} of ${allowanceText(limit)}`;
}

const SCOPES: Record<Scope["kind"], string> = {
  all: "all requests",
  provider: "provider",
  model: "model",
  gatewayKey: "gateway key",
  extension: "extension",
  workspace: "workspace",
  label: "label",
  tool: "tool",
};

/** Whom a limit is for: `all requests`, `provider openai`. */
export function scopeText({ kind, name }: Scope): string {
  return kind === "all" ? SCOPES.all : `${SCOPES[kind]} ${name}`;
}
