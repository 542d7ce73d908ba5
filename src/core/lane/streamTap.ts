import type { Usage } from "../conversation/usage";
import { asArray, asNumber, isObject, type JsonObject } from "../json/access";
import { withHostedCalls, withHostedCallsIn, withServiceTier } from "../protocols/billing";
import { errorEvent, type WireError } from "../protocols/errorShape";
import type { WireProtocol } from "../protocols/wire";
import { comment, namedEvent } from "../sse/format";
import { frameObject } from "../sse/frame";
import { KeptFrame } from "../sse/keptFrame";
import { usageObjectIn } from "./bodyUsage";
import { mergeUsage, reportedUsage } from "./reportedUsage";

/** Enough for what stands before the first content: `message_start`, `response.created`, a ping. */
const FIRST_FRAMES = 4;
/** Enough for what stands after the last content: finish, usage, a ping, the terminal event. */
const LAST_FRAMES = 6;
const COLON = 0x3a;

/**
 * Watches the frames of a same-protocol stream without holding them up. Usage and the terminal event stand at the two
 * ends, so only those frames are kept and they are read once, when the stream is over.
 */
export class StreamTap {
  private readonly first: KeptFrame[] = [];
  private readonly last: KeptFrame[] = [];
  private droppedUsage: Usage | undefined;
  private frames = 0;
  private bytes = 0;

  /**
   * @param dropUsageChunk Chat Completions: leave out the usage-only chunk, which the client had not asked for
   */
  constructor(
    private readonly protocol: WireProtocol,
    private readonly dropUsageChunk: boolean,
  ) {}

  /** @returns false if the frame is not to be sent on */
  onFrame(frame: Uint8Array): boolean {
    if (this.dropUsageChunk && hasEmptyChoices(frame)) {
      const chunk = frameObject(frame);
      const usage = reportedUsage("chat", withServiceTier(chunk?.usage, chunk?.service_tier));
      if (usage) {
        this.droppedUsage = usage;
        return false;
      }
    }
    // A comment says nothing, however many there are.
    if (frame[0] === COLON) return true;
    const kept = new KeptFrame(frame);
    if (this.first.length < FIRST_FRAMES) this.first.push(kept);
    else {
      this.frames += 1;
      this.bytes += frame.length;
    }
    this.last.push(kept);
    if (this.last.length > LAST_FRAMES) this.last.shift();
    return true;
  }

  /** What the provider has reported so far; undefined where it reported nothing. */
  usage(): Usage | undefined {
    const reports = [...new Set([...this.first, ...this.last])].map((frame) => this.report(frame));
    // Later reports are cumulative and may name only some fields: put together first, counted then.
    const fields = Object.fromEntries(
      reports.flatMap((report) => Object.entries(report ?? {}).filter(([, value]) => value !== null)),
    );
    return mergeUsage(reportedUsage(this.protocol, fields), this.droppedUsage);
  }

  private report({ bytes, object: fields }: KeptFrame): object | undefined {
    const text = fields ? "" : new TextDecoder().decode(bytes);
    const usage = fields ? usageField(this.protocol, fields) : withHostedCallsIn(usageObjectIn(text), text);
    return typeof usage === "object" && usage !== null ? usage : undefined;
  }

  /** Whether the stream has come to an end of its own protocol, a success or an error. */
  isTerminated(): boolean {
    return this.last.findLast((frame) => isTerminal(this.protocol, frame)) !== undefined;
  }

  /**
   * About how many characters of content came. The first events are counted; of the others what stands around the
   * content is taken to be as long as it is in those that are still here, and the rest to be content.
   */
  contentChars(): number {
    const counted = (frame: KeptFrame) => ({
      bytes: frame.bytes.length,
      text: contentIn(this.protocol, frame),
    });
    const first = this.first.map(counted);
    const seen = [...first, ...this.last.filter((frame) => !this.first.includes(frame)).map(counted)];
    const telling = seen.filter(({ text }) => text > 0);
    const begun = first.reduce((sum, { text }) => sum + text, 0);
    if (this.frames === 0 || telling.length === 0) return begun;
    const around = telling.reduce((sum, { bytes, text }) => sum + bytes - text, 0) / telling.length;
    return begun + Math.max(0, Math.round(this.bytes - this.frames * around));
  }

  /** Whether the stream has ended with an error of its own protocol. */
  failed(): { readonly status: number; readonly code: string | undefined } | undefined {
    for (const frame of this.last) {
      const fields = frame.object;
      const error = fields && errorIn(fields);
      if (!error || !isTerminal(this.protocol, frame)) continue;
      const code = error.code ?? error.type;
      return { status: statusOf(error), code: typeof code === "string" ? code : undefined };
    }
    return undefined;
  }

  /** The model that the stream's first events name. */
  model(): string | undefined {
    for (const { object: fields } of this.first) {
      const named = [fields?.model, member(fields?.response, "model"), member(fields?.message, "model")];
      const model = named.find((value) => typeof value === "string" && value !== "");
      if (typeof model === "string") return model;
    }
    return undefined;
  }

  /** Whether anything has come that a client could show: more than what stands before the content. */
  hasContent(): boolean {
    return this.last.length > this.first.length || this.first.some((frame) => !isPreamble(frame));
  }

  /** The error that the stream has in place of content; its status where the event tells one, else 502. */
  earlyFailure(): { readonly status: number; readonly message: string } | undefined {
    if (this.last.length > this.first.length) return undefined;
    const others = this.first.filter((frame) => !isPreamble(frame));
    const fields = others[0]?.object;
    const error = fields && errorIn(fields);
    return error ? { status: statusOf(error), message: JSON.stringify(error).slice(0, 2_000) } : undefined;
  }

  /** The response object that a Responses stream begins with; undefined for other streams. */
  beginning(): JsonObject | undefined {
    if (this.protocol !== "responses") return undefined;
    return this.first.map(({ object }) => object?.response).find(isObject);
  }

  /**
   * A word for a client that waits while the provider is silent, to be sent between two events; empty once the
   * stream has ended. Chat has nothing for it but a comment. In Responses Codex counts only events with data, so the
   * response is told to be in progress again, under the last number: a client that notes how far it came
   * (`starting_after`) is not led astray.
   */
  keepAlive(): string {
    if (this.isTerminated()) return "";
    if (this.protocol === "messages") return namedEvent("ping", { type: "ping" });
    const response = this.beginning();
    if (!response) return comment("keep-alive");
    return namedEvent("response.in_progress", {
      type: "response.in_progress",
      sequence_number: this.lastNumber() ?? 0,
      response: { ...response, status: "in_progress" },
    });
  }

  /** The event that ends a stream whose provider left off; nothing may follow it. */
  failure(error: WireError): string {
    if (this.protocol !== "responses") return errorEvent(this.protocol, error);
    const lastNumber = this.lastNumber();
    const next = lastNumber === undefined ? 0 : lastNumber + 1;
    const beginning = this.beginning();
    if (!beginning) return errorEvent("responses", error, next);
    // Codex reads failures only from response.failed, and the SDK wants the whole response in it.
    const response = {
      ...beginning,
      status: "failed",
      error: { code: "server_error", message: error.message },
    };
    const data = JSON.stringify({ type: "response.failed", sequence_number: next, response });
    return `event: response.failed\ndata: ${data}\n\n`;
  }

  private lastNumber(): number | undefined {
    return this.last.map(({ object }) => asNumber(object?.sequence_number)).findLast((n) => n !== undefined);
  }
}

/** Characters of text, reasoning and tool arguments in one event. */
function contentIn(protocol: WireProtocol, { object: fields }: KeptFrame): number {
  if (!fields) return 0;
  const lengths = (...texts: unknown[]): number =>
    texts.reduce<number>((sum, text) => sum + (typeof text === "string" ? text.length : 0), 0);
  switch (protocol) {
    case "responses":
      return lengths(fields.delta);
    case "messages": {
      const { delta } = fields;
      return lengths(member(delta, "text"), member(delta, "thinking"), member(delta, "partial_json"));
    }
    case "chat":
      return asArray(fields.choices).reduce<number>((sum, choice) => {
        const delta = member(choice, "delta");
        const calls = asArray(member(delta, "tool_calls")).map((call) =>
          member(member(call, "function"), "arguments"),
        );
        const reasoning = member(delta, "reasoning_content") ?? member(delta, "reasoning");
        return sum + lengths(member(delta, "content"), reasoning, ...calls);
      }, 0);
  }
}

const PREAMBLE = new Set([
  "message_start",
  "ping",
  "response.created",
  "response.in_progress",
  "response.queued",
]);

function isPreamble({ frame, object }: KeptFrame): boolean {
  const type = object?.type;
  return PREAMBLE.has(typeof type === "string" ? type : frame.event) || isOpeningChunk(object);
}

/** Chat's first chunk, which names the role alone, and Azure's before it, which has only what its filter says. */
function isOpeningChunk(object: JsonObject | undefined): boolean {
  if (!Array.isArray(object?.choices) || isObject(object.usage)) return false;
  return object.choices.every((choice) => {
    const { delta, finish_reason } = isObject(choice) ? choice : {};
    if (!isObject(delta) || (finish_reason ?? null) !== null) return false;
    return Object.entries(delta).every(([name, value]) => name === "role" || isNothing(value));
  });
}

function isNothing(value: unknown): boolean {
  return value === "" || value === null || (Array.isArray(value) && value.length === 0);
}

/** Each protocol's error event; Chat's has no type. */
function errorIn(fields: JsonObject): JsonObject | undefined {
  const found = fields.error ?? member(fields.response, "error");
  if (isObject(found)) return found;
  if (fields.type === "error") return fields;
  return typeof fields.error === "string" ? { message: fields.error } : undefined;
}

/** Where a type or code stands in place of a status. https://platform.claude.com/docs/en/api/errors */
function statusOf(error: JsonObject): number {
  const status = asNumber(error.status) ?? asNumber(error.code);
  if (status !== undefined && status >= 400 && status < 600) return status;
  const named = `${String(error.type ?? "")} ${String(error.code ?? "")}`;
  if (/rate_limit|insufficient_quota/.test(named)) return 429;
  if (/overloaded/.test(named)) return 529;
  if (/authentication/.test(named)) return 401;
  if (/permission/.test(named)) return 403;
  if (/not_found/.test(named)) return 404;
  if (/invalid_request|context_length/.test(named)) return 400;
  return 502;
}

function usageField(protocol: WireProtocol, fields: Record<string, unknown>): unknown {
  if (protocol === "responses") {
    const report = withHostedCalls(member(fields.response, "usage"), member(fields.response, "output"));
    return withServiceTier(report, member(fields.response, "service_tier"));
  }
  // message_start carries it inside the message, message_delta beside the delta.
  if (protocol === "messages") return fields.usage ?? member(fields.message, "usage");
  // Groq reports inside a field of its own, Moonshot inside the choice.
  const elsewhere = member(fields.x_groq, "usage") ?? member(asArray(fields.choices)[0], "usage");
  return withServiceTier(fields.usage ?? elsewhere, fields.service_tier);
}

function isTerminal(protocol: WireProtocol, { frame, object: fields }: KeptFrame): boolean {
  const { event, data } = frame;
  if (protocol === "chat" && data === "[DONE]") return true;
  const type = typeof fields?.type === "string" ? fields.type : event || typeAtStart(data);
  if (event === "error" || type === "error") return true;
  switch (protocol) {
    case "messages":
      return type === "message_stop";
    case "responses":
      return type === "response.completed" || type === "response.incomplete" || type === "response.failed";
    case "chat":
      return Boolean(fields?.error) || hasFinishReason(fields?.choices);
  }
}

/** Of a frame too large to hold only the two ends are there, which is no JSON. */
function typeAtStart(data: string): string {
  return /^\{\s*"type"\s*:\s*"([\w.]+)"/.exec(data)?.[1] ?? "";
}

/** Not every provider sends `[DONE]`; a finish reason says as much. */
function hasFinishReason(choices: unknown): boolean {
  return (
    Array.isArray(choices) && choices.some((choice) => typeof member(choice, "finish_reason") === "string")
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

const CHOICES = new TextEncoder().encode('"choices"');

/**
 * Whether a chunk says `"choices": []`, found in the bytes: most chunks do not, and need not be parsed.
 * Brackets are rare in a chunk, so they are what is searched for.
 */
function hasEmptyChoices(frame: Uint8Array): boolean {
  for (let open = frame.indexOf(0x5b); open >= 0; open = frame.indexOf(0x5b, open + 1)) {
    let close = open + 1;
    while (frame[close] === 0x20) close += 1;
    if (frame[close] === 0x5d && isAfterKey(frame, open, CHOICES)) return true;
  }
  return false;
}

function isAfterKey(frame: Uint8Array, valueStart: number, key: Uint8Array): boolean {
  let end = valueStart;
  while (frame[end - 1] === 0x20 || frame[end - 1] === 0x3a) end -= 1;
  const start = end - key.length;
  return start >= 0 && key.every((byte, index) => frame[start + index] === byte);
}
