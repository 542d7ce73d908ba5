import { PosternError } from "../../core/errors";
import { asArray, isObject, type JsonObject, parseJson } from "../../core/json/access";
import { spliced } from "../../core/json/splice";
import { decodeSpan, scanTopLevel, type TopLevel } from "../../core/json/topLevel";
import type { WireProtocol } from "../../core/protocols/wire";
import { steersByMember } from "../../core/providers/steering";
import { SEAL_MARK, withoutForeignSeals } from "../../core/translation";

/** A request body as it was read, with what routing needs of it. */
export interface ClientBody {
  readonly bytes: Buffer;
  readonly top: TopLevel;
  readonly model: string;
  readonly stream: boolean;
}

const OPEN = 0x7b;
const COMMA = 0x2c;

/** Names are kept, for how their targets do and in the ledger, and a client may send any number of them. */
const LONGEST_MODEL = 1000;

/**
 * @param deployment Azure's shape names the model in the path, and that is the one that counts there
 * @throws JsonSyntaxError, PosternError invalid_request, model_not_found
 */
export function scanBody(bytes: Buffer, deployment: string | undefined): ClientBody {
  const top = scanTopLevel(bytes);
  const model = deployment ?? member({ bytes, top }, "model");
  if (typeof model !== "string" || model === "") {
    const what = model === undefined ? 'has no "model"' : 'has a "model" that is not a text';
    throw new PosternError("invalid_request", `The request ${what}; GET /v1/models lists what there is.`);
  }
  if (model.length > LONGEST_MODEL) {
    const what = `A model with a name of more than ${LONGEST_MODEL} characters is not known`;
    throw new PosternError("model_not_found", `${what}; GET /v1/models lists what there is.`);
  }
  return { bytes, top, model, stream: member({ bytes, top }, "stream") === true };
}

/** One of the body's outermost values, decoded. */
export function member({ bytes, top }: Pick<ClientBody, "bytes" | "top">, name: string): unknown {
  const span = top.members.get(name);
  return span && decodeSpan(bytes, span);
}

/**
 * The whole body.
 * @throws PosternError invalid_json for a text with a broken escape, which the scan does not look into
 */
export function parsedBody({ bytes }: Pick<ClientBody, "bytes">): JsonObject {
  const parsed = parseJson(bytes.toString("utf8").replace(/^\uFEFF/, ""));
  if (!isObject(parsed))
    throw new PosternError("invalid_json", "The request body is not valid JSON: a text in it is broken.");
  return parsed;
}

/**
 * Without the outermost members that would steer a gateway behind this one; every other byte stays.
 * @returns their names as well
 */
export function withoutSteering(body: ClientBody): { readonly body: ClientBody; readonly dropped: string[] } {
  const { bytes, top } = body;
  const dropped = [...top.members.keys()].filter(steersByMember);
  if (dropped.length === 0) return { body, dropped };
  const members = [...top.members];
  const firstKept = members.findIndex(([name]) => !dropped.includes(name));
  const cuts = members.flatMap(([name, { end }], at) => {
    if (!dropped.includes(name)) return [];
    const before = members[at - 1]?.[1].end ?? bytes.indexOf(OPEN) + 1;
    // A comma goes with each: the one before it, or, where nothing stands before it, the one behind.
    if (at > firstKept && firstKept >= 0) return [{ start: before, end, text: "" }];
    const last = at === members.length - 1;
    const start = at === 0 ? before : bytes.indexOf(COMMA, before) + 1;
    return [{ start, end: last ? top.close : bytes.indexOf(COMMA, end) + 1, text: "" }];
  });
  const rest = Buffer.concat(spliced(bytes, cuts));
  return { body: { ...body, bytes: rest, top: scanTopLevel(rest) }, dropped };
}

/** Without the reasoning that a provider of another protocol had issued: the one body that cannot stay byte-exact. */
export function withoutForeignReasoning(body: ClientBody, protocol: WireProtocol): ClientBody {
  if (!body.bytes.includes(SEAL_MARK)) return body;
  const parsed = parsedBody(body);
  const text = JSON.stringify(withoutForeignSeals(protocol, parsed));
  // The mark may also stand in what somebody wrote.
  if (text === JSON.stringify(parsed)) return body;
  const bytes = Buffer.from(text);
  return { ...body, bytes, top: scanTopLevel(bytes) };
}

/** What Copilot's runtime writes to tool messages of a session that it goes on with; strict servers refuse it. */
export const RUNTIME_MARK = "__copilotMessageSource";

/** A Chat Completions request without the runtime's own note on its messages. */
export function withoutRuntimeMark(body: ClientBody): ClientBody {
  if (!body.bytes.includes(`"${RUNTIME_MARK}"`)) return body;
  const parsed = parsedBody(body);
  const messages = asArray(parsed.messages);
  // It may also stand in what somebody wrote.
  if (!messages.some((message) => isObject(message) && RUNTIME_MARK in message)) return body;
  const plain = messages.map((message) => {
    if (!isObject(message)) return message;
    const { [RUNTIME_MARK]: _, ...rest } = message;
    return rest;
  });
  const bytes = Buffer.from(JSON.stringify({ ...parsed, messages: plain }));
  return { ...body, bytes, top: scanTopLevel(bytes) };
}
