import { counted } from "../governance/limitText";
import { formatUsd } from "../governance/money";
import type { RequestRecord } from "../governance/requestRecord";

/** What a run has used, by the ledger's rows. */
export interface RunCost {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In millionths of a US dollar: of the requests whose price is known. */
  readonly microUsd: number;
  /** Of the requests: their price is not known. */
  readonly unpriced: number;
  /** Some of it is estimated. */
  readonly estimated: boolean;
  readonly premiumRequests: number;
}

export function runCost(records: readonly RequestRecord[]): RunCost {
  const sum = (of: (record: RequestRecord) => number | undefined) =>
    records.reduce((total, record) => total + (of(record) ?? 0), 0);
  const used = records.filter(({ usage }) => usage !== undefined);
  return {
    requests: records.filter(({ outcome }) => outcome !== "refused").length,
    inputTokens: sum(({ usage }) => usage?.inputTokens),
    outputTokens: sum(({ usage }) => usage?.outputTokens),
    microUsd: sum(({ cost }) => cost?.microUsd),
    unpriced: used.filter(({ cost, premiumRequests }) => cost === undefined && premiumRequests === undefined)
      .length,
    estimated: used.some(({ usageBasis, cost }) => usageBasis === "estimated" || cost?.basis === "estimated"),
    premiumRequests: sum(({ premiumRequests }) => premiumRequests),
  };
}

/** What several runs have used together. */
export function sumOf(costs: readonly RunCost[]): RunCost {
  const sum = (of: (cost: RunCost) => number) => costs.reduce((total, cost) => total + of(cost), 0);
  return {
    requests: sum(({ requests }) => requests),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    microUsd: sum(({ microUsd }) => microUsd),
    unpriced: sum(({ unpriced }) => unpriced),
    estimated: costs.some(({ estimated }) => estimated),
    premiumRequests: sum(({ premiumRequests }) => premiumRequests),
  };
}

/** `$0.0123`, `about $0.01`, `unknown`, `$0.01 and 2 requests of unknown price`. */
export function costText({ microUsd, unpriced, estimated, requests, premiumRequests }: RunCost): string {
  const premium = premiumRequests > 0 ? [counted(premiumRequests, "premium request")] : [];
  if (requests > 0 && unpriced >= requests) return ["unknown", ...premium].join(" and ");
  const known = `${estimated ? "about " : ""}${formatUsd(microUsd)}`;
  const rest = unpriced > 0 ? [`${counted(unpriced, "request")} of unknown price`] : [];
  return [known, ...premium, ...rest].join(" and ");
}

/** `12,345 tokens in, 678 out, 9 requests, $0.0123` */
export function costLine(cost: RunCost): string {
  const { inputTokens, outputTokens, requests } = cost;
  const count = (value: number) => value.toLocaleString("en-US");
  return `${counted(requests, "request")}, ${count(inputTokens)} tokens in, ${count(outputTokens)} out, cost: ${costText(cost)}`;
}
