import type { ExportedRequest } from "./auditEntry";

type Column = readonly [name: string, value: (request: ExportedRequest) => string | number | undefined];

const COLUMNS: readonly Column[] = [
  ["time", ({ record }) => new Date(record.startedAt).toISOString()],
  ["request", ({ record }) => record.id],
  ["caller", ({ record }) => record.caller.name],
  ["tool", ({ record }) => record.tool],
  ["workspace", ({ record }) => record.caller.workspace?.folder],
  ["remote", ({ record }) => record.caller.workspace?.remote],
  ["branch", ({ record }) => record.caller.workspace?.branch],
  ["task", ({ record }) => record.task],
  ["route", ({ record }) => record.route],
  ["modelAsked", ({ record }) => record.modelAsked],
  ["provider", ({ record }) => record.provider],
  ["model", ({ record }) => record.model],
  ["credential", ({ record }) => record.credential],
  ["outcome", ({ record }) => record.outcome],
  ["status", ({ record }) => record.status],
  ["error", ({ record }) => record.errorCode],
  ["durationMs", ({ record }) => Math.round(record.durationMs)],
  ["inputTokens", ({ record }) => record.usage?.inputTokens],
  ["outputTokens", ({ record }) => record.usage?.outputTokens],
  ["tokensBasis", ({ record }) => record.usageBasis],
  ["microUsd", ({ record }) => record.cost?.microUsd],
  ["costBasis", ({ record }) => record.cost?.basis],
  ["policyRule", ({ record }) => record.policyRule],
  ["dropped", ({ record }) => record.dropped.join(" ")],
  ["seq", ({ seq }) => seq],
  ["hash", ({ hash }) => hash],
];

/** The first line of a CSV export, without its end. */
export function csvHeader(): string {
  return COLUMNS.map(([name]) => name).join(",");
}

/** One request as a line of CSV (RFC 4180), without its end. */
export function csvLine(request: ExportedRequest): string {
  return COLUMNS.map(([, value]) => cell(value(request))).join(",");
}

/**
 * Spreadsheets run what begins with one of these as a formula, and much of a row is chosen by others (a model's name, a
 * branch): such a text gets an apostrophe in front. https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^[\s\u200b\ufeff]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

function cell(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
