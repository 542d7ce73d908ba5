import type { StopReason, StreamDecoder, StreamEvent } from "../../conversation/answer";
import type { Usage } from "../../conversation/usage";
import {
  asArray,
  asCount,
  asObject,
  asString,
  isObject,
  type JsonObject,
  nonEmpty,
  parseJson,
} from "../../json/access";
import { withHostedCalls, withServiceTier } from "../billing";
import { incomplete, malformed } from "../providerError";
import { readStreamError, unreadableEvent } from "../streamError";
import { createItemStates, type ItemState, isCall, MAX_ITEMS, TooManyItemsError } from "./itemStates";
import { readItem, reasoningSeal } from "./items";
import { usageFromResponses } from "./usage";

/**
 * https://platform.openai.com/docs/api-reference/responses-streaming. What came without deltas is taken from the
 * `done` events, and what is only in the last event from there.
 */
export function createResponsesDecoder(newId: (prefix: string) => string): StreamDecoder & {
  /** Reads a whole response, as the last event or a JSON answer has it. */
  response(response: JsonObject): StreamEvent[];
} {
  const items = createItemStates();
  let started = false;
  let over = false;
  let calls = 0;
  let usage: Usage | undefined;

  const start = (response: JsonObject): StreamEvent[] => {
    if (started) return [];
    started = true;
    const id = nonEmpty(response.id);
    const model = nonEmpty(response.model);
    return [{ type: "start", ...(id ? { id } : {}), ...(model ? { model } : {}) }];
  };

  const fail = (error: StreamEvent & { type: "error" }): StreamEvent[] => {
    over = true;
    return usage ? [{ type: "usage", usage }, error] : [error];
  };

  const announce = (state: ItemState, item: JsonObject, mayInvent: boolean): StreamEvent[] => {
    if (state.announced) return [];
    state.callId ??= nonEmpty(item.call_id);
    state.name ??= nonEmpty(item.name);
    const id = state.callId ?? (mayInvent ? newId("call_") : undefined);
    const name = state.name ?? (mayInvent ? "unnamed_tool" : undefined);
    if (id === undefined || name === undefined) return [];
    state.announced = true;
    calls++;
    const { call } = state;
    const custom = state.type === "custom_tool_call";
    const namespace = nonEmpty(item.namespace);
    const early = state.written.get("arguments") ?? "";
    return [
      { type: "toolStart", call, id, name, custom, ...(namespace ? { namespace } : {}) },
      ...(early === "" ? [] : [{ type: "toolArguments", call, text: early } as const]),
    ];
  };

  /** A piece of text of one part of an item; `part` also tells a summary from the reasoning itself. */
  const write = (
    state: ItemState,
    part: string,
    text: string,
    make: (text: string) => StreamEvent,
  ): StreamEvent[] => {
    if (text === "" || state.ended) return [];
    const before = state.written.get(part);
    const out: StreamEvent[] = [];
    if (before === undefined && state.open && state.type === "reasoning") {
      out.push({ type: "thinkingDelta", text: "\n\n" });
    } else if (before === undefined && state.open && state.type === "message") out.push({ type: "textEnd" });
    state.written.set(part, (before ?? "") + text);
    state.open = true;
    out.push(make(text));
    return out;
  };

  /** The whole text of a part: what of it has not come yet. What was written cannot be taken back. */
  const complete = (
    state: ItemState,
    part: string,
    whole: string,
    make: (text: string) => StreamEvent,
  ): StreamEvent[] => {
    const written = state.written.get(part) ?? "";
    if (whole.startsWith(written)) return write(state, part, whole.slice(written.length), make);
    if (part === "arguments") return [];
    // A server whose last word on a text is another: for people, what is missing is worth more than a clean seam.
    const out = write(state, part, whole.slice(commonPrefix(written, whole)), make);
    state.written.set(part, whole);
    return out;
  };

  const think = (
    state: ItemState,
    source: "summary" | "content",
    index: number,
    text: string,
    whole: boolean,
  ): StreamEvent[] => {
    // Some servers send the reasoning and a summary of it: the one that came first is enough.
    state.source ??= text === "" ? undefined : source;
    if (state.source !== source) return [];
    return (whole ? complete : write)(state, `${source}${index}`, text, (delta) => ({
      type: "thinkingDelta",
      text: delta,
    }));
  };

  const callText = (state: ItemState, text: string, whole: boolean): StreamEvent[] => {
    const out = (whole ? complete : write)(state, "arguments", text, (delta) => ({
      type: "toolArguments",
      call: state.call,
      text: delta,
    }));
    // What came before the name is told with it.
    return state.announced ? out : [];
  };

  const endItem = (state: ItemState, item: JsonObject): StreamEvent[] => {
    if (state.ended) return [];
    const out: StreamEvent[] = [];
    for (const piece of readItem(item)) {
      if (piece.kind === "call")
        out.push(...announce(state, item, true), ...callText(state, piece.text, true));
      else if (piece.kind === "summary" || piece.kind === "content") {
        out.push(...think(state, piece.kind, piece.index, piece.text, true));
      } else if (piece.kind !== "text") {
        out.push(
          ...complete(state, `part${piece.index}`, piece.text, (text) => ({ type: "refusalDelta", text })),
        );
      } else {
        const logprobs =
          piece.logprobs.length > 0 && !state.written.has(`part${piece.index}`)
            ? { logprobs: piece.logprobs }
            : {};
        out.push(
          ...complete(state, `part${piece.index}`, piece.text, (text) => ({
            type: "textDelta",
            text,
            ...logprobs,
          })),
        );
      }
    }
    if (isCall(state.type) && !state.announced) {
      if (state.name !== undefined) out.push(...announce(state, {}, true));
      else if (state.callId !== undefined || state.written.has("arguments")) {
        return [...out, ...fail({ type: "error", error: malformed("a tool call has no name") })];
      }
    }
    state.ended = true;
    if (state.type === "message" && state.open) out.push({ type: "textEnd" });
    if (state.type === "reasoning") {
      const seal = reasoningSeal(item);
      if (state.open || seal) out.push({ type: "thinkingEnd", ...(seal ? { seal } : {}) });
    }
    if (state.announced) out.push({ type: "toolEnd", call: state.call });
    return out;
  };

  /** Which messages' texts were written already, under other messages: servers join what they list apart. */
  const createRepeats = (): ((item: JsonObject) => boolean) => {
    const messages = items.all.filter(({ type }) => type === "message");
    const said = messages.flatMap(({ written }) => [...written.values()]).join("");
    let at = said === "" ? -1 : 0;
    return (item) => {
      if (item.type !== "message" || at < 0) return false;
      const text = readItem(item)
        .map((piece) => piece.text)
        .join("");
      const found = said.indexOf(text, at);
      at = found < 0 ? found : found + text.length;
      return found >= 0;
    };
  };

  const finish = (response: JsonObject): StreamEvent[] => {
    const report = withHostedCalls(response.usage, response.output);
    usage = usageFromResponses(withServiceTier(report, response.service_tier)) ?? usage;
    const out = start(response);
    const status = asString(response.status) ?? "completed";
    if (isObject(response.error) || status === "failed" || status === "cancelled") {
      const error = isObject(response.error)
        ? { error: response.error }
        : { message: `The response was ${status}.` };
      return [...out, ...fail({ type: "error", error: readStreamError(error) })];
    }
    const output = asArray(response.output).map(asObject);
    if (output.length > MAX_ITEMS) {
      return [...out, ...fail({ type: "error", error: malformed("it has too many items") })];
    }
    const repeats = createRepeats();
    // An item that never ended has its end in the whole response, or none.
    const matched = items.match(output);
    for (const state of [...items.all]) {
      out.push(...endItem(state, matched.get(state) ?? {}));
      if (over) return out;
    }
    const known = new Set(matched.values());
    output.forEach((item, index) => {
      if (known.has(item) || repeats(item)) return;
      // Reasoning stands before what came of it, or it is of no use.
      if (item.type === "reasoning" && output.slice(index + 1).some((later) => known.has(later))) return;
      out.push(...endItem(items.late(item), item));
    });
    over = true;
    if (usage) out.push({ type: "usage", usage });
    out.push({ type: "stop", reason: stopOf(status, response, calls) });
    return out;
  };

  const event = (json: JsonObject, type: string): StreamEvent[] => {
    const index = asCount(json.output_index);
    const itemOf = (kind: string): ItemState => items.piece(kind, index, nonEmpty(json.item_id));
    const delta = asString(json.delta) ?? "";
    const partKey = `part${asCount(json.content_index) ?? 0}`;
    const text = (piece: string): StreamEvent => {
      const logprobs = asArray(json.logprobs);
      return { type: "textDelta", text: piece, ...(logprobs.length > 0 ? { logprobs } : {}) };
    };
    const refusal = (piece: string): StreamEvent => ({ type: "refusalDelta", text: piece });
    switch (type) {
      case "response.created":
      case "response.in_progress":
      case "response.queued":
        return start(asObject(json.response));
      case "response.output_item.added": {
        const item = asObject(json.item);
        const state = items.added(item, index);
        return isCall(state.type) ? announce(state, item, false) : [];
      }
      case "response.output_text.delta":
        return write(itemOf("message"), partKey, delta, text);
      case "response.output_text.done":
        return complete(itemOf("message"), partKey, asString(json.text) ?? "", text);
      case "response.refusal.delta":
        return write(itemOf("message"), partKey, delta, refusal);
      case "response.refusal.done":
        return complete(itemOf("message"), partKey, asString(json.refusal) ?? "", refusal);
      case "response.reasoning_summary_text.delta":
        return think(itemOf("reasoning"), "summary", asCount(json.summary_index) ?? 0, delta, false);
      case "response.reasoning_text.delta":
        return think(itemOf("reasoning"), "content", asCount(json.content_index) ?? 0, delta, false);
      case "response.function_call_arguments.delta":
        return callText(itemOf("function_call"), delta, false);
      case "response.function_call_arguments.done":
        return callText(itemOf("function_call"), asString(json.arguments) ?? "", true);
      case "response.custom_tool_call_input.delta":
        return callText(itemOf("custom_tool_call"), delta, false);
      case "response.custom_tool_call_input.done":
        return callText(itemOf("custom_tool_call"), asString(json.input) ?? "", true);
      case "response.output_item.done": {
        const item = asObject(json.item);
        return endItem(items.done(item, index), item);
      }
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
      case "response.cancelled": {
        const status = type.slice("response.".length);
        return finish({ status, ...asObject(json.response) });
      }
      case "error":
        return fail({ type: "error", error: readStreamError(json) });
      default:
        return isObject(json.error) ? fail({ type: "error", error: readStreamError(json) }) : [];
    }
  };

  return {
    response: finish,
    event(data, name) {
      if (over || data.trim() === "" || data.trim() === "[DONE]") return [];
      const json = parseJson(data);
      if (!isObject(json)) return fail({ type: "error", error: unreadableEvent(data, name) });
      const type = asString(json.type) ?? name;
      const opens = type.startsWith("response.") && !isObject(json.response);
      try {
        return opens ? [...start({}), ...event(json, type)] : event(json, type);
      } catch (thrown) {
        if (!(thrown instanceof TooManyItemsError)) throw thrown;
        return fail({ type: "error", error: malformed("it has too many items") });
      }
    },
    end: () => (over ? [] : fail({ type: "error", error: incomplete() })),
  };
}

function commonPrefix(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function stopOf(status: string, response: JsonObject, calls: number): StopReason {
  if (status === "incomplete") {
    return asObject(response.incomplete_details).reason === "content_filter" ? "contentFilter" : "length";
  }
  return calls > 0 ? "toolCalls" : "stop";
}
