import {
  amountText,
  durationText,
  limitTitle,
  localTime,
  scopeText,
  spentText,
} from "../../core/governance/limitText";
import { formatUsd } from "../../core/governance/money";
import { ALL_TIME } from "../../core/governance/period";
import { leftShare, type ProviderQuota } from "../../core/governance/quota";
import type { Totals } from "../../core/governance/spend";
import type { LimitStatus, LimitsStatus, RateStatus } from "../../core/rpc/limitsStatus";
import { escapeMarkdown } from "./markdown";
import { counted } from "./numbers";
import { percentText, textBar } from "./textBar";

/** A period's requests, tokens and cost, with what each figure rests on. */
export function spendLine(title: string, totals: Totals): string {
  const { requests, inputTokens, outputTokens, microUsd, estimatedMicroUsd, unpriced, refused } = totals;
  const estimatedTokens = totals.estimatedInputTokens + totals.estimatedOutputTokens;
  const tokens = inputTokens + outputTokens;
  const parts = [
    `${counted(requests, "request")} (measured)`,
    `${counted(tokens, "token")} (${basisText(tokens, estimatedTokens, (value) => value.toLocaleString("en-US"))})`,
    `${formatUsd(microUsd)} (${basisText(microUsd, estimatedMicroUsd, formatUsd)})`,
  ];
  if (unpriced > 0) parts.push(`${counted(unpriced, "request")} without a known price not in it`);
  if (refused > 0) parts.push(`${refused.toLocaleString("en-US")} refused`);
  return `**${title}**: ${escapeMarkdown(parts.join(", "))}`;
}

/** How a limit stands, in Markdown: a bar, amounts, when it begins anew and when it runs out. */
export function limitLine(limit: LimitStatus, at: number): string {
  const { measure, amount, spent, reserved, estimated, uncounted, from, until, scope, runsOutAt } = limit;
  const used = amount === 0 ? 1 : spent / amount;
  const basis =
    measure === "requests" ? "measured" : basisText(spent, estimated, (part) => amountText(measure, part));
  const parts = [
    `${spentText(limit, spent)} (${basis})`,
    ...(scope.kind === "all" ? [] : [`for ${scopeText(scope)}`]),
    ...(limit.hard ? [] : ["warns only"]),
    ...(reserved > 0 ? [`${amountText(measure, reserved)} set aside for running requests (estimated)`] : []),
    ...(uncounted > 0 ? [`${counted(uncounted, "request")} without a known price not in it`] : []),
    ...(runsOutAt === undefined ? [] : [`at the present rate used up ${localTime(runsOutAt)} (estimated)`]),
    ...resetParts({ from, until }, at),
  ];
  return `${bar(used)} ${escapeMarkdown(`${limitTitle(limit)}: ${parts.join(" · ")}`)}`;
}

function resetParts({ until }: { readonly from: number; readonly until: number }, at: number): string[] {
  if (until >= ALL_TIME.until) return ["never begins anew"];
  return [`begins anew ${localTime(until)}, in ${durationText(until - at)}`];
}

/** What a provider says is left. */
export function quotaLine(quota: ProviderQuota, at: number): string {
  const left = leftShare(quota);
  const reset = quota.resetsAt === undefined ? [] : [`begins anew in ${durationText(quota.resetsAt - at)}`];
  const age = at - quota.at > 60_000 ? [`told ${durationText(at - quota.at)} ago`] : [];
  const text = `${quotaTitle(quota)}: ${[`${quotaLeft(quota)} (${quota.basis})`, ...reset, ...age].join(" · ")}`;
  return `${left === undefined ? "" : `${bar(1 - left)} `}${escapeMarkdown(text)}`;
}

/** Whose quota it is. */
export function quotaTitle({ provider, model, credential, name }: ProviderQuota): string {
  return [
    model === undefined ? provider : `${provider}/${model}`,
    // With only one credential its name says nothing.
    ...(credential === "" || credential === "default" ? [] : [`(${credential})`]),
    ...(name === undefined ? [] : [name]),
  ].join(" ");
}

const UNITS = {
  requests: "request",
  tokens: "token",
  inputTokens: "input token",
  outputTokens: "output token",
  premiumRequests: "premium request",
} as const;

/** `40 of 100 requests a day left`, `$3.50 left`. */
export function quotaLeft({ unit, remaining, limit, window, currency }: ProviderQuota): string {
  const every = window === undefined ? "" : window === "hour" ? " an hour" : ` a ${window}`;
  if (unit === "share") return `${percentText(remaining)} left${every}`;
  if (unit === "money") {
    const money = (value: number) =>
      currency === "USD" ? formatUsd(value) : `${(value / 1e6).toFixed(2)} ${currency ?? ""}`.trim();
    return limit === undefined
      ? `${money(remaining)} left`
      : `${money(remaining)} of ${money(limit)}${every} left`;
  }
  const grouped = remaining.toLocaleString("en-US");
  if (limit === undefined) return `${counted(remaining, UNITS[unit])} left${every}`;
  return `${grouped} of ${counted(limit, UNITS[unit])}${every} left`;
}

/** What a gateway key has used in the last minute. */
export function rateLine({ key, measure, limit, used }: RateStatus): string {
  const left = Math.max(0, limit - used);
  const text = `gateway key ${key}: ${left.toLocaleString("en-US")} of ${limit.toLocaleString("en-US")} ${measure} a minute left (${measure === "requests" ? "measured" : "running requests estimated"})`;
  return `${bar(used / limit)} ${escapeMarkdown(text)}`;
}

/** All that the hover says of limits, as paragraphs. */
export function limitParagraphs({ limits, rates, quotas, today, month, at }: LimitsStatus): string[] {
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`**${title}**\n\n${lines.map((line) => `- ${line}`).join("\n")}`];
  return [
    spendLine("Today", today),
    spendLine("This month", month),
    ...list(
      "Budgets",
      limits.map((limit) => limitLine(limit, at)),
    ),
    ...list("Gateway keys' rates", rates.map(rateLine)),
    ...list(
      "Providers' quotas",
      quotas.map((quota) => quotaLine(quota, at)),
    ),
  ];
}

function basisText(amount: number, estimated: number, text: (part: number) => string): string {
  if (estimated <= 0) return "reported";
  return estimated >= amount ? "estimated" : `reported, ${text(estimated)} of it estimated`;
}

function bar(used: number): string {
  return `\`${textBar(used)}\` ${escapeMarkdown(percentText(used))} used ·`;
}
