import type { KeptText } from "../../core/governance/audit/auditEntry";
import type { ReadablePart, ReadableTurn } from "../../core/governance/audit/readable";
import type { Attempt, RequestRecord } from "../../core/governance/requestRecord";
import { PROTOCOL_NAME } from "../../core/protocols/wire";
import type { AuditedDetail } from "../../core/rpc/audit";
import { askedText, callerText, costText, dateTimeText, durationText, OUTCOME_TEXT } from "./requestText";

/** Everything that is known of one request. */
export interface ActivityDetail {
  readonly record: RequestRecord;
  readonly audited: AuditedDetail;
}

/** A request, its answer and its timing as a Markdown text. @param timeZone the machine's own if left out */
export function renderRequestDocument({ record, audited }: ActivityDetail, timeZone?: string): string {
  const { readable, content } = audited;
  const sections = [
    `# ${oneLine(askedText(record))}: ${OUTCOME_TEXT[record.outcome]}${record.status === 0 ? "" : ` (${record.status})`}`,
    facts(record, timeZone),
    `## Timing\n\n${timing(record)}`,
    ...(content?.request ? [side("Request", content.request, readable?.request)] : []),
    ...(content?.answer ? [side("Answer", content.answer, readable?.answer)] : []),
    ...notKept(audited),
  ];
  return `${sections.join("\n\n")}\n`;
}

function facts(record: RequestRecord, timeZone: string | undefined): string {
  const { caller, usage, cost } = record;
  const { folder, remote, branch, trusted } = caller.workspace ?? {};
  const labels = Object.entries(caller.labels).map(([name, value]) => `${name}=${value}`);
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["Asked at", dateTimeText(record.startedAt, timeZone)],
    ["Asked by", callerText(record)],
    ["Labels", labels.join(", ")],
    ["Task", record.task],
    ["Workspace", folder],
    ["Git", [remote, branch].filter((text) => text).join(" on ") || undefined],
    ["Trusted", trusted === undefined ? undefined : trusted ? "yes" : "no"],
    ["Model", modelText(record)],
    ["Route", record.route],
    ["Protocol", protocolText(record)],
    ["Credential", record.credential],
    ["Tokens", usage && tokensText(record)],
    ["Cost", cost && `${costText(cost)} (${cost.basis}; price from ${cost.priceSource})`],
    ["Premium requests", premiumText(record)],
    ["Policy", record.policyRule],
    ["Not carried over", record.dropped.join(", ")],
    ["Error", record.errorCode],
    ["Request id", record.id],
  ];
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== "");
  return shown.map(([name, value]) => `- ${`${name}:`.padEnd(17)} ${oneLine(value)}`).join("\n");
}

function modelText({ modelAsked, provider, model, modelAnswered }: RequestRecord): string {
  if (provider === undefined) return `${askedText({ modelAsked })}; no provider was asked`;
  const target = `${provider}/${model ?? "?"}`;
  const asked = modelAsked === target || modelAsked === model ? target : `${modelAsked} → ${target}`;
  return modelAnswered === undefined || modelAnswered === model
    ? asked
    : `${asked}, answered by ${modelAnswered}`;
}

function protocolText({ protocolIn, protocolOut, operation }: RequestRecord): string {
  const spoken = PROTOCOL_NAME[protocolIn];
  const to =
    protocolOut === undefined || protocolOut === protocolIn ? "" : ` → ${PROTOCOL_NAME[protocolOut]}`;
  return operation === protocolIn ? `${spoken}${to}` : `${spoken}${to}, ${operation}`;
}

function tokensText({ usage, usageBasis }: RequestRecord): string {
  const count = (value: number | undefined): string => value?.toLocaleString("en-US") ?? "?";
  const extra = [
    usage?.cachedInputTokens !== undefined && `${count(usage.cachedInputTokens)} read from a cache`,
    usage?.cacheWriteTokens !== undefined && `${count(usage.cacheWriteTokens)} written to a cache`,
    usage?.reasoningTokens !== undefined && `${count(usage.reasoningTokens)} of reasoning`,
    usageBasis,
  ].filter((text) => text);
  return `${count(usage?.inputTokens)} in, ${count(usage?.outputTokens)} out (${extra.join(", ")})`;
}

function premiumText({ premiumRequests, premiumBasis }: RequestRecord): string | undefined {
  if (premiumRequests === undefined) return undefined;
  const count = premiumRequests.toLocaleString("en-US");
  return premiumBasis === undefined ? count : `${count} (${premiumBasis})`;
}

/** Characters of a bar from the request's arrival to its end. */
const BAR = 40;

/** When what happened, each attempt with a bar that shows its place in the whole. */
function timing({ durationMs, firstByteMs, attempts }: RequestRecord): string {
  const total = Math.max(durationMs, 1);
  const lines = attempts.map((attempt) => attemptLine(attempt, total));
  const marks = [
    firstByteMs !== undefined && `first byte after ${durationText(firstByteMs)}`,
    `over after ${durationText(durationMs)}`,
  ].filter((text) => text);
  return ["```text", ...lines, marks.join(", "), "```"].join("\n");
}

function attemptLine(attempt: Attempt, total: number): string {
  const { provider, model, credential, startMs, durationMs, status, reason } = attempt;
  const from = Math.min(BAR - 1, Math.floor((startMs / total) * BAR));
  const length = Math.max(1, Math.min(BAR - from, Math.round((durationMs / total) * BAR)));
  const bar = `${"·".repeat(from)}${"█".repeat(length)}${"·".repeat(BAR - from - length)}`;
  const end = status === 0 ? "no answer" : String(status);
  const why = reason === undefined ? "" : `: ${oneLine(reason)}`;
  return `${bar}  ${provider}/${model} with ${credential || "no key"}, ${durationText(durationMs)}, ${end}${why}`;
}

function side(
  title: string,
  kept: KeptText & { readonly text: string },
  turns: readonly ReadableTurn[] | undefined,
): string {
  const cut =
    kept.keptBytes < kept.bytes
      ? [`Cut: ${sizeText(kept.keptBytes)} of ${sizeText(kept.bytes)} were kept.`]
      : [];
  const redacted =
    kept.redacted.length > 0
      ? [`Secrets were taken out before it was kept: ${kept.redacted.join(", ")}.`]
      : [];
  const notes = [...cut, ...redacted].map((note) => `> ${note}`);
  const said = turns ? turns.map(turnText) : [fenced(pretty(kept.text), "json")];
  return [`## ${title}`, ...(notes.length > 0 ? [notes.join("\n>\n")] : []), ...said].join("\n\n");
}

function turnText({ who, parts }: ReadableTurn): string {
  return [`### ${who}`, ...parts.map(partText)].join("\n\n");
}

function partText({ title, text }: ReadablePart): string {
  const fence = fenced(text, "text");
  return title === "text" ? fence : `${oneLine(title)}:\n\n${fence}`;
}

/** A fence that nothing in the text can close. */
function fenced(text: string, language: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** Why there is no content, and what to do to have some. */
function notKept({ level, content, contentRemoved, missing }: AuditedDetail): string[] {
  if (content) return [];
  const turnOn =
    "To keep the requests and answers that follow, set `postern.audit.level` to `full`, or name a gateway key in `postern.audit.keys` or a folder in `postern.audit.workspaces`.";
  if (contentRemoved) return ["## Content\n\nThe request and the answer were kept, and have been deleted."];
  if (missing !== undefined)
    return [`## Content\n\nThe request and the answer were not kept: ${oneLine(missing)}.`];
  if (level === "full") return ["## Content\n\nNothing was said that could be kept."];
  return [`## Content\n\nThe request and the answer were not kept. ${turnOn}`];
}

function sizeText(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
