import type { StopReason, StreamEvent } from "../conversation/answer";
import { customAsFunction, functionAsCustom } from "../conversation/arguments";
import type { ResponseContext } from "./context";

/** The call that is being written, and what happens to its arguments. */
type Current =
  | { readonly mode: "through"; readonly custom: boolean; wrote: boolean }
  /** Arguments are collected and rewritten at the end. */
  | { readonly mode: "asCustom" | "asFunction"; readonly parts: string[] }
  /** The arguments are the answer itself. */
  | { readonly mode: "answer" };

/**
 * Puts tool calls back into the client's terms: its names, its free-text tools, and a structured answer that had to
 * be asked for as a call. Takes events in sequence. A call without arguments gets `{}`, which clients can parse.
 */
export function createAdapter(context: ResponseContext): (event: StreamEvent) => StreamEvent[] {
  let current: Current | undefined;
  let realCalls = 0;

  const begin = (event: Extract<StreamEvent, { type: "toolStart" }>): StreamEvent[] => {
    if (event.name === context.structuredTool) {
      current = { mode: "answer" };
      return [];
    }
    realCalls++;
    const origin = context.tools.get(event.name);
    const custom = origin ? origin.custom : false;
    if (custom === event.custom) current = { mode: "through", custom, wrote: false };
    else current = { mode: custom ? "asCustom" : "asFunction", parts: [] };
    const namespace = origin?.namespace ?? event.namespace;
    return [
      {
        ...event,
        name: origin?.name ?? event.name,
        custom,
        ...(namespace === undefined ? {} : { namespace }),
      },
    ];
  };

  const end = (event: Extract<StreamEvent, { type: "toolEnd" }>): StreamEvent[] => {
    const ended = current;
    current = undefined;
    const { call } = event;
    if (!ended) return [];
    switch (ended.mode) {
      case "answer":
        return [{ type: "textEnd" }];
      case "through":
        return ended.wrote || ended.custom ? [event] : [{ type: "toolArguments", call, text: "{}" }, event];
      case "asCustom":
        return [{ type: "toolArguments", call, text: functionAsCustom(ended.parts.join("")) }, event];
      case "asFunction":
        return [{ type: "toolArguments", call, text: customAsFunction(ended.parts.join("")) }, event];
    }
  };

  /** Servers say `stop` with a call and `tool_calls` without one; clients act on what is said. */
  const reasonFor = (reason: StopReason): StopReason => {
    if (realCalls === 0 && reason === "toolCalls") return "stop";
    return realCalls > 0 && reason === "stop" ? "toolCalls" : reason;
  };

  return (event) => {
    switch (event.type) {
      case "toolStart":
        return begin(event);
      case "toolArguments":
        if (!current) return [];
        if (current.mode === "answer") return [{ type: "textDelta", text: event.text }];
        if (current.mode === "through") {
          current.wrote ||= event.text !== "";
          return [event];
        }
        current.parts.push(event.text);
        return [];
      case "toolEnd":
        return end(event);
      case "stop": {
        return [{ ...event, reason: reasonFor(event.reason) }];
      }
      default:
        return [event];
    }
  };
}
