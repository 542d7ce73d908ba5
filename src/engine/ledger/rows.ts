import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Usage } from "../../core/conversation/usage";
import type { Caller } from "../../core/governance/caller";
import type { Attempt, RequestCost, RequestRecord } from "../../core/governance/requestRecord";

export type Row = Record<string, SQLOutputValue>;

/** The columns of `requests`, in the order of `valuesOf`. */
export const REQUEST_COLUMNS = [
  "id",
  "started_at",
  "duration_ms",
  "first_byte_ms",
  "caller",
  "tool",
  "task",
  "operation",
  "protocol_in",
  "protocol_out",
  "route",
  "model_asked",
  "provider",
  "model",
  "model_answered",
  "credential",
  "attempts",
  "status",
  "outcome",
  "error_code",
  "input_tokens",
  "cached_input_tokens",
  "cache_write_tokens",
  "cache_write_1h_tokens",
  "output_tokens",
  "reasoning_tokens",
  "service_tier",
  "usage_basis",
  "micro_usd",
  "cost_basis",
  "price_source",
  "premium_milli",
  "premium_basis",
  "dropped",
  "policy_rule",
] as const;

/** @param caller the caller's row */
export function valuesOf(record: RequestRecord, caller: number): SQLInputValue[] {
  const { usage, cost } = record;
  return [
    record.id,
    Math.round(record.startedAt),
    record.durationMs,
    record.firstByteMs ?? null,
    caller,
    record.tool ?? null,
    record.task ?? null,
    record.operation,
    record.protocolIn,
    record.protocolOut ?? null,
    record.route ?? null,
    record.modelAsked,
    record.provider ?? null,
    record.model ?? null,
    record.modelAnswered ?? null,
    record.credential ?? null,
    record.attempts.length === 0 ? null : JSON.stringify(record.attempts.map(packedAttempt)),
    record.status,
    record.outcome,
    record.errorCode ?? null,
    usage?.inputTokens ?? null,
    usage?.cachedInputTokens ?? null,
    usage?.cacheWriteTokens ?? null,
    usage?.cacheWrite1hTokens ?? null,
    usage?.outputTokens ?? null,
    usage?.reasoningTokens ?? null,
    usage?.serviceTier ?? null,
    record.usageBasis ?? null,
    cost?.microUsd ?? null,
    cost?.basis ?? null,
    cost?.priceSource ?? null,
    record.premiumRequests === undefined ? null : Math.round(record.premiumRequests * 1000),
    record.premiumBasis ?? null,
    record.dropped.length === 0 ? null : JSON.stringify(record.dropped),
    record.policyRule ?? null,
  ];
}

/** @param row of `requests` with its caller's `identity` */
export function recordOf(row: Row): RequestRecord {
  const usage = given({
    inputTokens: row.input_tokens,
    cachedInputTokens: row.cached_input_tokens,
    cacheWriteTokens: row.cache_write_tokens,
    cacheWrite1hTokens: row.cache_write_1h_tokens,
    outputTokens: row.output_tokens,
    reasoningTokens: row.reasoning_tokens,
    serviceTier: row.service_tier,
  }) as Usage;
  const cost = given({
    microUsd: row.micro_usd,
    basis: row.cost_basis,
    priceSource: row.price_source,
  }) as unknown as RequestCost;
  return {
    ...given({
      id: row.id,
      startedAt: row.started_at,
      durationMs: row.duration_ms,
      firstByteMs: row.first_byte_ms,
      tool: row.tool,
      task: row.task,
      operation: row.operation,
      protocolIn: row.protocol_in,
      protocolOut: row.protocol_out,
      route: row.route,
      modelAsked: row.model_asked,
      provider: row.provider,
      model: row.model,
      modelAnswered: row.model_answered,
      credential: row.credential,
      status: row.status,
      outcome: row.outcome,
      errorCode: row.error_code,
      usageBasis: row.usage_basis,
      premiumBasis: row.premium_basis,
      policyRule: row.policy_rule,
    }),
    ...(Object.keys(usage).length > 0 ? { usage } : {}),
    ...(row.micro_usd === null ? {} : { cost }),
    ...(row.premium_milli === null ? {} : { premiumRequests: Number(row.premium_milli) / 1000 }),
    caller: callerOf(String(row.identity)),
    attempts: (parsed(row.attempts) as PackedAttempt[]).map(unpackedAttempt),
    dropped: parsed(row.dropped) as string[],
  } as unknown as RequestRecord;
}

/** What makes two callers the same, as text: the same facts in the same order. */
export function identityOf({ kind, name, labels, workspace }: Caller): string {
  const sorted = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
  const { folder, remote, branch, trusted } = workspace ?? {};
  const place = workspace && { folder, remote, branch, trusted };
  return JSON.stringify({ kind, name, labels: Object.fromEntries(sorted), workspace: place });
}

function callerOf(identity: string): Caller {
  return JSON.parse(identity) as Caller;
}

type PackedAttempt = [
  provider: string,
  model: string,
  credential: string,
  startMs: number,
  durationMs: number,
  status: number,
  reason?: string,
];

function packedAttempt(attempt: Attempt): PackedAttempt {
  const { provider, model, credential, startMs, durationMs, status, reason } = attempt;
  return reason === undefined
    ? [provider, model, credential, startMs, durationMs, status]
    : [provider, model, credential, startMs, durationMs, status, reason];
}

function unpackedAttempt(packed: PackedAttempt): Attempt {
  const [provider, model, credential, startMs, durationMs, status, reason] = packed;
  const attempt = { provider, model, credential, startMs, durationMs, status };
  return reason === undefined ? attempt : { ...attempt, reason };
}

function parsed(text: SQLOutputValue | undefined): unknown[] {
  return typeof text === "string" ? (JSON.parse(text) as unknown[]) : [];
}

/** The fields that have a value. */
function given(fields: Row | Record<string, SQLOutputValue | undefined>): Record<string, SQLOutputValue> {
  const entries = Object.entries(fields).filter(
    (entry): entry is [string, SQLOutputValue] => entry[1] !== null && entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}
