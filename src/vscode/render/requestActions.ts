import type { RequestRecord } from "../../core/governance/requestRecord";
import { isObject, parseJson } from "../../core/json/access";

/** Where a request of each operation goes; what is not here cannot be sent again by itself. */
const PATHS: Partial<Record<RequestRecord["operation"], string>> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
  embeddings: "/v1/embeddings",
};

/** A kept request made ready to be sent to the gateway again. */
export interface Replayable {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * A kept request as it can be sent again. The gateway key is not among its headers.
 * @param model another model than was asked for
 * @returns undefined where the operation cannot be repeated, or the body is no JSON
 */
export function replayable(record: RequestRecord, kept: string, model?: string): Replayable | undefined {
  const path = PATHS[record.operation];
  if (path === undefined) return undefined;
  const body = model === undefined ? withItsModel(kept, record.modelAsked) : withModel(kept, model);
  if (body === undefined) return undefined;
  return {
    path,
    headers: {
      "content-type": "application/json",
      ...(record.protocolIn === "messages" ? { "anthropic-version": "2023-06-01" } : {}),
      ...(record.task === undefined ? {} : { "x-postern-task": record.task }),
    },
    body,
  };
}

/** Azure's clients name the model in the path, which is not kept; any other body stays to the letter. */
function withItsModel(kept: string, model: string): string {
  const body = parseJson(kept);
  if (!isObject(body) || model === "" || body.model === model) return kept;
  return JSON.stringify({ ...body, model });
}

function withModel(kept: string, model: string): string | undefined {
  const body = parseJson(kept);
  return isObject(body) ? JSON.stringify({ ...body, model }) : undefined;
}

/** Longer bodies go through a here-document: an argument may not be longer than 128 KB on Linux. */
const MAX_ARGUMENT = 8_000;

/**
 * The request as a command line for a POSIX shell. It goes to the gateway, and the gateway key stays a variable that
 * the person fills in: what is copied ends up in chats and tickets.
 */
export function curlCommand(gatewayUrl: string, { path, headers, body }: Replayable): string {
  const lines = [
    `curl ${quoted(`${gatewayUrl}${path}`)}`,
    '-H "Authorization: Bearer $POSTERN_KEY"',
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
  ];
  if (body.length <= MAX_ARGUMENT) return [...lines, `--data-binary ${quoted(body)}`].join(" \\\n  ");
  const end = endMark(body);
  return `${[...lines, `--data-binary @- <<'${end}'`].join(" \\\n  ")}\n${body}\n${end}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A line that the body has not. */
function endMark(body: string): string {
  let mark = "END";
  while (body.includes(mark)) mark += "_";
  return mark;
}

/** A trailer for a commit message that says which model helped. */
export function commitTrailer({ modelAsked, model, modelAnswered, provider }: RequestRecord): string {
  const name = modelAnswered ?? model ?? modelAsked;
  return provider === undefined
    ? `Assisted-by: ${plain(name)}`
    : `Assisted-by: ${plain(name)} via ${plain(provider)}`;
}

/** A trailer is one line, and a model's name is whatever a provider says. */
function plain(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, 200);
}
