import type { StopReason, StreamDecoder, StreamEvent } from "../../conversation/answer";
import type { Seal } from "../../conversation/seal";
import {
  asArray,
  asObject,
  asString,
  isObject,
  type JsonObject,
  type MutableJson,
  nonEmpty,
  parseJson,
} from "../../json/access";
import { withServiceTier } from "../billing";
import { incomplete, malformed } from "../providerError";
import { readStreamError, unreadableEvent } from "../streamError";
import {
  contentPieces,
  type ReasoningField,
  reasoningDetails,
  reasoningField,
  reasoningText,
} from "./content";
import { stopFromChat } from "./stopReason";
import { createToolSlots } from "./toolSlots";
import { usageFromChat } from "./usage";

/** A text that begins after more tokens than this goes without their log probabilities. */
const MAX_EARLY = 64;

/** https://platform.openai.com/docs/api-reference/chat-streaming, as its many imitations write it. */
export function createChatDecoder(newId: (prefix: string) => string): StreamDecoder & {
  /** An event that is parsed already. */
  chunk(json: JsonObject): StreamEvent[];
} {
  const tools = createToolSlots(newId);
  const details: MutableJson[] = [];
  let started = false;
  let over = false;
  let wrote = false;
  /** Where reasoning came from, while it is open. */
  let thinking: ReasoningField | undefined;
  let stop: StopReason | undefined;
  /** The last thing written was text. */
  let inText = false;
  /** Log probabilities of tokens that no text has come of yet. */
  let early: unknown[] = [];

  const fail = (event: StreamEvent & { type: "error" }): StreamEvent[] => {
    over = true;
    return [event];
  };

  const endThinking = (): StreamEvent[] => {
    if (thinking === undefined && details.length === 0) return [];
    const value = {
      field: thinking ?? "reasoning",
      ...(details.length > 0 ? { details: [...details] } : {}),
    };
    thinking = undefined;
    details.length = 0;
    const seal: Seal = { protocol: "chat", value };
    return [{ type: "thinkingEnd", seal }];
  };

  const choice = (from: JsonObject): StreamEvent[] => {
    const delta = isObject(from.delta) ? from.delta : asObject(from.message);
    const out: StreamEvent[] = [];
    const think = (text: string, field: ReasoningField): void => {
      if (text === "") return;
      wrote = true;
      inText = false;
      thinking = field;
      out.push({ type: "thinkingDelta", text });
    };
    think(reasoningText(delta), reasoningField(delta));
    for (const detail of reasoningDetails(delta)) mergeDetail(details, detail as JsonObject);
    let logprobs: readonly unknown[] = [...early, ...asArray(asObject(from.logprobs).content)];
    early = [];
    for (const piece of contentPieces(delta.content)) {
      if (piece.text === "") continue;
      wrote = true;
      if (piece.kind === "thinking") think(piece.text, "reasoning_content");
      else if (piece.kind === "refusal")
        out.push(...endThinking(), { type: "refusalDelta", text: piece.text });
      else {
        const extra = logprobs.length > 0 ? { logprobs } : {};
        out.push(...endThinking(), { type: "textDelta", text: piece.text, ...extra });
        logprobs = [];
      }
      inText = piece.kind === "text";
    }
    // Half a character is a token, too.
    if (inText && logprobs.length > 0) out.push({ type: "textDelta", text: "", logprobs });
    else if (delta.content === "" && out.length === 0 && logprobs.length <= MAX_EARLY) early = [...logprobs];
    const refusal = asString(delta.refusal);
    if (refusal) {
      wrote = true;
      inText = false;
      out.push(...endThinking(), { type: "refusalDelta", text: refusal });
    }
    const pieces = asArray(delta.tool_calls).filter(isObject);
    // The protocol before tools: one call without an id.
    if (isObject(delta.function_call))
      pieces.push({ index: 0, id: "call_function", function: delta.function_call });
    for (const piece of pieces) {
      const events = tools.piece(piece);
      if (!events) {
        const error = malformed("it has too many tool calls");
        return [...out, ...fail({ type: "error", error })];
      }
      if (events.length > 0) {
        inText = false;
        out.push(...endThinking());
      }
      out.push(...events);
    }
    return out;
  };

  const finish = (): StreamEvent[] => {
    over = true;
    const out = [...endThinking(), ...tools.end()];
    // Several servers say `stop` where the model called a tool.
    const reason = stop === undefined || stop === "stop" ? (tools.count() > 0 ? "toolCalls" : "stop") : stop;
    out.push({ type: "stop", reason });
    return out;
  };

  const chunk = (json: JsonObject): StreamEvent[] => {
    const first = asArray(json.choices)
      .map(asObject)
      .find((item) => (item.index ?? 0) === 0);
    const wrong = findError(json, first);
    // In a chunk of its own, in Groq's own field, or (Moonshot) in the choice. Told as soon as it is known: a stream
    // that is cut has cost what it had reported.
    const reported = (report: unknown) => usageFromChat(withServiceTier(report, json.service_tier));
    const usage = reported(json.usage) ?? reported(asObject(json.x_groq).usage) ?? reported(first?.usage);
    const out: StreamEvent[] = usage ? [{ type: "usage", usage }] : [];
    if (wrong !== undefined) return [...out, ...fail({ type: "error", error: readStreamError(wrong) })];
    if (!started && (first || nonEmpty(json.id))) {
      started = true;
      const id = nonEmpty(json.id);
      const model = nonEmpty(json.model);
      out.push({ type: "start", ...(id ? { id } : {}), ...(model ? { model } : {}) });
    }
    if (!first) return out;
    out.push(...choice(first));
    if (over) return out;
    const reason = stop === undefined ? nonEmpty(first.finish_reason) : undefined;
    if (reason) {
      stop = stopFromChat(reason);
      if (stop === undefined) {
        const error = {
          status: 502,
          message: `The provider ended the answer with "${reason}".`,
          code: reason,
        };
        return [...out, ...fail({ type: "error", error })];
      }
    }
    return out;
  };

  return {
    chunk,
    event(data, name) {
      if (over || data.trim() === "") return [];
      if (data.trim() === "[DONE]") {
        if (stop !== undefined || wrote || tools.count() > 0) return finish();
        return fail({ type: "error", error: incomplete() });
      }
      const json = parseJson(data);
      return isObject(json) ? chunk(json) : fail({ type: "error", error: unreadableEvent(data, name) });
    },
    end() {
      if (over) return [];
      // Many servers leave out [DONE]; a finish_reason is an end, too.
      return stop === undefined ? fail({ type: "error", error: incomplete() }) : finish();
    },
  };
}

/** The part of an event that is an error, in the shapes of OpenAI, OpenRouter, Groq, vLLM and FastAPI. */
function findError(json: JsonObject, choice: JsonObject | undefined): JsonObject | undefined {
  if (isObject(json.error) || nonEmpty(json.error)) return json;
  if (isObject(choice?.error)) return choice;
  const groq = asObject(json.x_groq);
  if (isObject(groq.error) || nonEmpty(groq.error)) return groq;
  if (json.object === "error" || json.type === "error") return json;
  if (json.choices === undefined && (nonEmpty(json.detail) || nonEmpty(json.message))) return json;
  return undefined;
}

/** OpenRouter's details come in pieces, told apart by type and index; strings are joined, the rest is replaced. */
function mergeDetail(into: MutableJson[], detail: JsonObject): void {
  const last = into.find((known) => known.type === detail.type && known.index === detail.index);
  if (!last) {
    if (into.length < 1000) into.push({ ...detail });
    return;
  }
  for (const [key, value] of Object.entries(detail)) {
    const joined =
      ["text", "summary", "data"].includes(key) && typeof value === "string" && typeof last[key] === "string";
    if (value !== null) last[key] = joined ? `${last[key]}${value}` : value;
  }
}
