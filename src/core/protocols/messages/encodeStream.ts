import type { Message, RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import type { StreamEncoder, StreamEvent } from "../../conversation/answer";
import { type Seal, wrapSeal } from "../../conversation/seal";
import { safeToolId } from "../../conversation/toolIds";
import type { Usage } from "../../conversation/usage";
import { namedEvent } from "../../sse/format";
import { errorEvent } from "../errorShape";
import { stopToMessages } from "./stopReason";
import { messagesUsage } from "./usage";

export interface MessagesEncoderOptions {
  /** The model as the client knows it. */
  readonly model: string;
  /** Names the provider in the seals that the client will bring back. */
  readonly issuer: string;
  readonly newId: (prefix: string) => string;
}

const wire = (event: RawMessageStreamEvent): string => namedEvent(event.type, event);

/**
 * https://platform.claude.com/docs/en/build-with-claude/streaming: one block at a time, indexes without a gap,
 * one `message_delta`, and nothing after `message_stop`.
 */
export function createMessagesEncoder(options: MessagesEncoderOptions): StreamEncoder {
  let started = false;
  let over = false;
  let next = 0;
  let open: "text" | "thinking" | "tool" | undefined;
  let usage: Usage | undefined;
  let refused = false;

  const start = (id?: string): string => {
    if (started) return "";
    started = true;
    const message = messageHead(options, id);
    return wire({ type: "message_start", message });
  };

  const close = (): string => {
    if (open === undefined) return "";
    open = undefined;
    return wire({ type: "content_block_stop", index: next - 1 });
  };

  const ensure = (kind: "text" | "thinking"): string => {
    if (open === kind) return "";
    const before = start() + close();
    open = kind;
    return (
      before +
      wire({
        type: "content_block_start",
        index: next++,
        content_block:
          kind === "text"
            ? { type: "text", text: "", citations: null }
            : { type: "thinking", thinking: "", signature: "" },
      })
    );
  };

  const text = (delta: string): string =>
    delta === ""
      ? ""
      : ensure("text") +
        wire({ type: "content_block_delta", index: next - 1, delta: { type: "text_delta", text: delta } });

  /** Claude Code refuses to bring back a thinking block without a signature, so one from another provider gets ours. */
  const endThinking = (seal: Seal | undefined): string => {
    if (open !== "thinking" && seal === undefined) return "";
    const redacted = redactedData(seal);
    if (redacted !== undefined) {
      const before = start() + close();
      open = "thinking";
      const block = { type: "redacted_thinking" as const, data: redacted };
      return before + wire({ type: "content_block_start", index: next++, content_block: block }) + close();
    }
    const signature = signatureOf(seal, options.issuer);
    return (
      ensure("thinking") +
      wire({ type: "content_block_delta", index: next - 1, delta: { type: "signature_delta", signature } }) +
      close()
    );
  };

  /** Text or a call follows thinking that nobody ended. */
  const leaveThinking = (): string => (open === "thinking" ? endThinking(undefined) : "");

  const encode = (event: StreamEvent): string => {
    switch (event.type) {
      case "start":
        return start(event.id);
      case "refusalDelta":
        // There is no refusal block: its text is text, and the stop reason says what it is.
        refused = true;
        return leaveThinking() + text(event.text);
      case "textDelta":
        return leaveThinking() + text(event.text);
      case "textEnd":
        return open === "text" ? close() : "";
      case "thinkingDelta":
        return event.text === ""
          ? ""
          : ensure("thinking") +
              wire({
                type: "content_block_delta",
                index: next - 1,
                delta: { type: "thinking_delta", thinking: event.text },
              });
      case "thinkingEnd":
        return endThinking(event.seal);
      case "toolStart": {
        const before = leaveThinking() + start() + close() + (event.seal ? endThinking(event.seal) : "");
        open = "tool";
        return (
          before +
          wire({
            type: "content_block_start",
            index: next++,
            content_block: {
              type: "tool_use",
              id: safeToolId(event.id),
              name: event.name,
              input: {},
              caller: { type: "direct" },
            },
          })
        );
      }
      case "toolArguments":
        return open === "tool" && event.text !== ""
          ? wire({
              type: "content_block_delta",
              index: next - 1,
              delta: { type: "input_json_delta", partial_json: event.text },
            })
          : "";
      case "toolEnd":
        return open === "tool" ? close() : "";
      case "usage":
        usage = event.usage;
        return "";
      case "stop":
        over = true;
        return (
          leaveThinking() +
          start() +
          close() +
          wire({
            type: "message_delta",
            delta: {
              stop_reason: stopToMessages(refused && event.reason === "stop" ? "refusal" : event.reason),
              stop_sequence: event.stopSequence ?? null,
              container: null,
              stop_details: null,
            },
            usage: messagesUsage(usage),
          }) +
          wire({ type: "message_stop" })
        );
      case "error":
        over = true;
        return errorEvent("messages", event.error);
    }
  };

  return {
    encode: (event) => (over ? "" : encode(event)),
    // Between any two events, and before the first.
    keepAlive: () => (over ? "" : namedEvent("ping", { type: "ping" })),
  };
}

/** The message before its content. Its real usage is known at the end, and comes in `message_delta`. */
function messageHead(options: MessagesEncoderOptions, id: string | undefined): Message {
  return {
    id: messageId(id, options.newId),
    type: "message",
    role: "assistant",
    model: options.model,
    content: [],
    container: null,
    diagnostics: null,
    stop_details: null,
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 0,
      output_tokens_details: null,
      cache_creation: null,
      inference_geo: null,
      server_tool_use: null,
      service_tier: null,
      speed: null,
    },
  };
}

/** Clients expect `msg_`; the provider's own id stays recognisable behind it. */
export function messageId(id: string | undefined, newId: (prefix: string) => string): string {
  if (!id) return newId("msg_");
  return id.startsWith("msg_") ? id : `msg_${id.replace(/[^a-zA-Z0-9_-]/g, "_")}`;
}

/** The provider's seal in our wrapping; for reasoning without one, a mark that says whose it was. */
export function signatureOf(seal: Seal | undefined, issuer: string): string {
  if (seal?.protocol === "messages" && typeof seal.value.signature === "string") return seal.value.signature;
  return wrapSeal(issuer, seal ?? { protocol: "chat", value: {} });
}

/** Anthropic's unreadable reasoning, which has no text and no signature. */
export function redactedData(seal: Seal | undefined): string | undefined {
  return seal?.protocol === "messages" && typeof seal.value.redacted === "string"
    ? seal.value.redacted
    : undefined;
}
