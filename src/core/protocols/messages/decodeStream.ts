import type { StreamDecoder, StreamEvent } from "../../conversation/answer";
import {
  asArray,
  asCount,
  asObject,
  asString,
  isObject,
  type JsonObject,
  lookup,
  nonEmpty,
  parseJson,
} from "../../json/access";
import { incomplete, malformed } from "../providerError";
import { readStreamError, unreadableEvent } from "../streamError";
import { stopFromMessages } from "./stopReason";
import { type MessagesCounts, mergeCounts, usageFromCounts } from "./usage";

/** A content block that has begun; `other` are the provider's own tools, which end with the provider. */
interface OpenBlock {
  readonly kind: "text" | "thinking" | "redacted" | "tool" | "other";
  readonly parts: string[];
  signature: string;
  /** Of a tool call whose arguments came whole with its start. */
  input?: unknown;
  wrote: boolean;
}

/** https://platform.claude.com/docs/en/build-with-claude/streaming */
export function createMessagesDecoder(newId: (prefix: string) => string): StreamDecoder {
  const counts: MessagesCounts = {};
  const open = new Map<number, OpenBlock>();
  const begun = new Set<number>();
  let started = false;
  let over = false;
  let calls = 0;
  /** Arguments came for a call that never began. */
  let lost = false;
  let stop: string | undefined;
  let stopSequence: string | undefined;

  /** Told as soon as it is known: a stream that is cut has cost what it had reported. */
  const report = (reported: unknown): StreamEvent[] => {
    mergeCounts(counts, reported);
    const usage = isObject(reported) ? usageFromCounts(counts) : undefined;
    return usage ? [{ type: "usage", usage }] : [];
  };

  const start = (message: JsonObject): StreamEvent[] => {
    if (started) return report(message.usage);
    started = true;
    const id = nonEmpty(message.id);
    const model = nonEmpty(message.model);
    return [{ type: "start", ...(id ? { id } : {}), ...(model ? { model } : {}) }, ...report(message.usage)];
  };

  const beginBlock = (index: number, block: JsonObject): StreamEvent[] => {
    const out = open.has(index) ? endBlock(index) : [];
    const kinds: Record<string, OpenBlock["kind"]> = {
      text: "text",
      thinking: "thinking",
      redacted_thinking: "redacted",
      tool_use: "tool",
    };
    const kind = lookup(kinds, asString(block.type)) ?? "other";
    const state: OpenBlock = { kind, parts: [], signature: "", wrote: false };
    open.set(index, state);
    begun.add(index);
    if (kind === "text") out.push(...writeText(state, asString(block.text) ?? ""));
    if (kind === "thinking") {
      out.push(...writeText(state, asString(block.thinking) ?? ""));
      state.signature = asString(block.signature) ?? "";
    }
    if (kind === "redacted") state.signature = asString(block.data) ?? "";
    if (kind === "tool") {
      calls++;
      state.input = block.input;
      out.push({
        type: "toolStart",
        call: index,
        id: nonEmpty(block.id) ?? newId("toolu_"),
        name: nonEmpty(block.name) ?? "unnamed_tool",
        custom: false,
      });
    }
    return out;
  };

  const writeText = (state: OpenBlock, text: string): StreamEvent[] => {
    if (text === "") return [];
    state.wrote = true;
    if (state.kind === "thinking") {
      state.parts.push(text);
      return [{ type: "thinkingDelta", text }];
    }
    return [{ type: "textDelta", text }];
  };

  const writeDelta = (index: number, delta: JsonObject): StreamEvent[] => {
    const type = asString(delta.type);
    const out: StreamEvent[] = [];
    if (!open.has(index)) {
      // A server that skips the start of a block; a tool call without its name cannot be guessed.
      if (type === "text_delta") out.push(...beginBlock(index, { type: "text" }));
      else if (type === "thinking_delta") out.push(...beginBlock(index, { type: "thinking" }));
    }
    const state = open.get(index);
    if (!state) {
      lost ||= type === "input_json_delta" && nonEmpty(delta.partial_json) !== undefined && !begun.has(index);
      return out;
    }
    if (type === "text_delta" && state.kind === "text")
      out.push(...writeText(state, asString(delta.text) ?? ""));
    if (type === "thinking_delta" && state.kind === "thinking") {
      out.push(...writeText(state, asString(delta.thinking) ?? ""));
    }
    if (type === "signature_delta") state.signature += asString(delta.signature) ?? "";
    if (type === "input_json_delta" && state.kind === "tool") {
      const text = asString(delta.partial_json) ?? "";
      if (text !== "") {
        state.wrote = true;
        out.push({ type: "toolArguments", call: index, text });
      }
    }
    return out;
  };

  const endBlock = (index: number): StreamEvent[] => {
    const state = open.get(index);
    open.delete(index);
    if (!state || state.kind === "other") return [];
    if (state.kind === "text") return [{ type: "textEnd" }];
    if (state.kind === "redacted") {
      return [
        {
          type: "thinkingEnd",
          redacted: true,
          seal: { protocol: "messages", value: { redacted: state.signature } },
        },
      ];
    }
    if (state.kind === "thinking") {
      // The signature is only good for the text it was made for, so the text goes along.
      const value = { signature: state.signature, thinking: state.parts.join("") };
      return [{ type: "thinkingEnd", ...(state.signature ? { seal: { protocol: "messages", value } } : {}) }];
    }
    const whole = !state.wrote && isObject(state.input) && Object.keys(state.input).length > 0;
    return [
      ...(whole ? [{ type: "toolArguments", call: index, text: JSON.stringify(state.input) } as const] : []),
      { type: "toolEnd", call: index },
    ];
  };

  const finish = (): StreamEvent[] => {
    if (lost) return fail({ type: "error", error: malformed("a tool call has no name") });
    over = true;
    const out = [...open.keys()].flatMap(endBlock);
    const reason = stop === undefined ? (calls > 0 ? "toolCalls" : "stop") : stopFromMessages(stop);
    out.push({ type: "stop", reason, ...(stopSequence === undefined ? {} : { stopSequence }) });
    return out;
  };

  const noteStop = (from: JsonObject): void => {
    stop = nonEmpty(from.stop_reason) ?? stop;
    stopSequence = asString(from.stop_sequence) ?? stopSequence;
  };

  const fail = (error: StreamEvent & { type: "error" }): StreamEvent[] => {
    over = true;
    return [error];
  };

  return {
    event(data, name) {
      if (over || data.trim() === "" || data.trim() === "[DONE]") return [];
      const json = parseJson(data);
      if (!isObject(json)) return fail({ type: "error", error: unreadableEvent(data, name) });
      const index = asCount(json.index) ?? 0;
      switch (asString(json.type) ?? name) {
        case "message_start": {
          const message = asObject(json.message);
          const repeated = started;
          const out = start(message);
          if (repeated) return out;
          noteStop(message);
          // An answer that goes on from a paused one begins with what was there before.
          asArray(message.content).forEach((block, at) => {
            if (isObject(block)) out.push(...beginBlock(-1 - at, block), ...endBlock(-1 - at));
          });
          return out;
        }
        case "content_block_start":
          return [...start({}), ...beginBlock(index, asObject(json.content_block))];
        case "content_block_delta":
          return [...start({}), ...writeDelta(index, asObject(json.delta))];
        case "content_block_stop":
          return endBlock(index);
        case "message_delta":
          noteStop(asObject(json.delta));
          return report(json.usage);
        case "message_stop":
          return [...start({}), ...finish()];
        case "error":
          return fail({ type: "error", error: readStreamError(json) });
        default:
          // `ping`, and what was invented since. An error without a type is an error.
          return isObject(json.error) ? fail({ type: "error", error: readStreamError(json) }) : [];
      }
    },
    end: () => (over ? [] : fail({ type: "error", error: incomplete() })),
  };
}
