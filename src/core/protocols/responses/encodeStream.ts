import type {
  ResponseOutputItem,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import type { StreamEncoder, StreamEvent } from "../../conversation/answer";
import type { Seal } from "../../conversation/seal";
import type { Usage } from "../../conversation/usage";
import type { JsonObject } from "../../json/access";
import { namedEvent } from "../../sse/format";
import type { WireError } from "../errorShape";
import { failureCode } from "./errors";
import { type CallFields, callItem, messageItem, reasoningItem, textPart } from "./outputItems";
import { type ResponsesEncoderOptions, responseId, responseObject, statusOf } from "./responseObject";

/** The item that is being written. */
type Open =
  | {
      readonly kind: "message";
      readonly id: string;
      readonly parts: (ResponseOutputText | ResponseOutputRefusal)[];
      part:
        | { readonly kind: "text" | "refusal"; readonly texts: string[]; readonly logprobs: unknown[] }
        | undefined;
    }
  | { readonly kind: "reasoning"; readonly id: string; readonly texts: string[] }
  | { readonly kind: "call"; readonly id: string; readonly fields: CallFields; readonly texts: string[] };

type WithoutNumber<E> = E extends { sequence_number: number } ? Omit<E, "sequence_number"> : never;
type Lifecycle = { readonly type: `response.${string}`; readonly response: JsonObject };

/**
 * https://platform.openai.com/docs/api-reference/responses-streaming: every event numbered, every item and part
 * added and done, the deltas of a part together what its `done` says, and one terminal event.
 */
export function createResponsesEncoder(options: ResponsesEncoderOptions): StreamEncoder {
  const output: ResponseOutputItem[] = [];
  let id: string | undefined;
  let sequence = 0;
  let over = false;
  let open: Open | undefined;
  let usage: Usage | undefined;
  let refused = false;

  const write = (event: WithoutNumber<ResponseStreamEvent>): string =>
    namedEvent(event.type, { ...event, sequence_number: sequence++ });
  const lifecycle = (event: Lifecycle): string =>
    namedEvent(event.type, { ...event, sequence_number: sequence++ });
  const at = (): { output_index: number } => ({ output_index: output.length });

  const start = (providerId?: string): string => {
    if (id !== undefined) return "";
    id = responseId(providerId, options.newId);
    const response = responseObject(id, options, { status: "in_progress" });
    return (
      lifecycle({ type: "response.created", response }) +
      lifecycle({ type: "response.in_progress", response })
    );
  };

  const add = (item: ResponseOutputItem): string =>
    write({ type: "response.output_item.added", ...at(), item });
  const done = (item: ResponseOutputItem): string => {
    const text = write({ type: "response.output_item.done", ...at(), item });
    output.push(item);
    open = undefined;
    return text;
  };

  const endPart = (): string => {
    if (open?.kind !== "message" || !open.part) return "";
    const { kind, texts, logprobs } = open.part;
    const whole = texts.join("");
    const place = { item_id: open.id, ...at(), content_index: open.parts.length };
    const part = kind === "text" ? textPart(whole, logprobs) : { type: "refusal" as const, refusal: whole };
    open.parts.push(part);
    open.part = undefined;
    const finished =
      part.type === "output_text"
        ? write({ type: "response.output_text.done", ...place, text: whole, logprobs: part.logprobs ?? [] })
        : write({ type: "response.refusal.done", ...place, refusal: whole });
    return finished + write({ type: "response.content_part.done", ...place, part });
  };

  const endReasoning = (seal: Seal | undefined): string => {
    if (open?.kind !== "reasoning") return "";
    const text = open.texts.join("");
    const place = { item_id: open.id, ...at(), summary_index: 0 };
    const part = { type: "summary_text" as const, text };
    const ends =
      text === ""
        ? ""
        : write({ type: "response.reasoning_summary_text.done", ...place, text }) +
          write({ type: "response.reasoning_summary_part.done", ...place, part });
    return ends + done(reasoningItem(open.id, text, seal, options.issuer));
  };

  const endCall = (status: "completed" | "incomplete"): string => {
    if (open?.kind !== "call") return "";
    const { fields, texts } = open;
    const whole = texts.join("");
    const place = { item_id: open.id, ...at() };
    const ended = fields.custom
      ? write({ type: "response.custom_tool_call_input.done", ...place, input: whole })
      : write({ type: "response.function_call_arguments.done", ...place, arguments: whole });
    return ended + done(callItem(open.id, fields, whole, status));
  };

  const close = (status: "completed" | "incomplete" = "completed"): string => {
    if (open?.kind === "message") {
      const { id: itemId, parts } = open;
      return endPart() + done(messageItem(itemId, status, parts));
    }
    return open?.kind === "reasoning" ? endReasoning(undefined) : endCall(status);
  };

  const openReasoning = (): string => {
    if (open?.kind === "reasoning") return "";
    const before = start() + close();
    const item = options.newId("rs_");
    open = { kind: "reasoning", id: item, texts: [] };
    return before + add({ id: item, type: "reasoning", summary: [] });
  };

  const think = (delta: string): string => {
    const before = openReasoning();
    if (open?.kind !== "reasoning") return before;
    const place = { item_id: open.id, ...at(), summary_index: 0 };
    const opens =
      open.texts.length === 0
        ? write({
            type: "response.reasoning_summary_part.added",
            ...place,
            part: { type: "summary_text", text: "" },
          })
        : "";
    open.texts.push(delta);
    return before + opens + write({ type: "response.reasoning_summary_text.delta", ...place, delta });
  };

  const say = (kind: "text" | "refusal", delta: string, logprobs: readonly unknown[] = []): string => {
    let before = "";
    if (open?.kind !== "message") {
      before = start() + close();
      const item = options.newId("msg_");
      open = { kind: "message", id: item, parts: [], part: undefined };
      before += add(messageItem(item, "in_progress", []));
    }
    if (open.part && open.part.kind !== kind) before += endPart();
    const place = { item_id: open.id, ...at(), content_index: open.parts.length };
    if (!open.part) {
      open.part = { kind, texts: [], logprobs: [] };
      const part = kind === "text" ? textPart("") : { type: "refusal" as const, refusal: "" };
      before += write({ type: "response.content_part.added", ...place, part });
    }
    open.part.texts.push(delta);
    open.part.logprobs.push(...logprobs);
    const written =
      kind === "text"
        ? write({ type: "response.output_text.delta", ...place, delta, logprobs: logprobs as never[] })
        : write({ type: "response.refusal.delta", ...place, delta });
    return before + written;
  };

  const finish = (event: Extract<StreamEvent, { type: "stop" }>): string => {
    const state = statusOf(event.reason === "refusal" && refused ? "stop" : event.reason);
    const ends = start() + close(state.status);
    const response = responseObject(id ?? "", options, { ...state, output, usage });
    return ends + lifecycle({ type: `response.${state.status}`, response });
  };

  const fail = (error: WireError): string => {
    const before = start();
    const response = responseObject(id ?? "", options, {
      status: "failed",
      output,
      usage,
      error: { code: failureCode(error), message: error.message },
    });
    return before + lifecycle({ type: "response.failed", response });
  };

  const encode = (event: StreamEvent): string => {
    switch (event.type) {
      case "start":
        return start(event.id);
      case "textDelta":
        return event.text !== "" || (event.logprobs?.length && open?.kind === "message")
          ? say("text", event.text, event.logprobs)
          : "";
      case "refusalDelta":
        refused = true;
        return event.text === "" ? "" : say("refusal", event.text);
      case "textEnd":
        return endPart();
      case "thinkingDelta":
        return event.text === "" ? "" : think(event.text);
      case "thinkingEnd":
        return open?.kind === "reasoning" || event.seal ? openReasoning() + endReasoning(event.seal) : "";
      case "toolStart": {
        const before = start() + close() + (event.seal ? openReasoning() + endReasoning(event.seal) : "");
        const fields = {
          callId: event.id,
          name: event.name,
          custom: event.custom,
          namespace: event.namespace,
        };
        const item = options.newId(event.custom ? "ctc_" : "fc_");
        open = { kind: "call", id: item, fields, texts: [] };
        return before + add(callItem(item, fields, "", "in_progress"));
      }
      case "toolArguments": {
        if (open?.kind !== "call" || event.text === "") return "";
        open.texts.push(event.text);
        const place = { item_id: open.id, ...at(), delta: event.text };
        return open.fields.custom
          ? write({ type: "response.custom_tool_call_input.delta", ...place })
          : write({ type: "response.function_call_arguments.delta", ...place });
      }
      case "toolEnd":
        // Whether its arguments were cut is known with what follows; clients act on `done`.
        return "";
      case "usage":
        usage = event.usage;
        return "";
      case "stop":
        over = true;
        return finish(event);
      case "error":
        over = true;
        return fail(event.error);
    }
  };

  return {
    encode: (event) => (over ? "" : encode(event)),
    keepAlive() {
      if (over) return "";
      // Codex counts events that carry data; a comment would not reset its timer.
      if (id === undefined) return start();
      const response = responseObject(id, options, { status: "in_progress" });
      return lifecycle({ type: "response.in_progress", response });
    },
  };
}
