import type { Answer, AnswerBlock, StreamEvent } from "./answer";
import type { Usage } from "./usage";

/** The events that would have written this answer. */
export function answerToEvents(answer: Answer): StreamEvent[] {
  const events: StreamEvent[] = [
    {
      type: "start",
      ...(answer.id === undefined ? {} : { id: answer.id }),
      ...(answer.model === undefined ? {} : { model: answer.model }),
    },
  ];
  answer.blocks.forEach((block, call) => {
    events.push(...blockEvents(block, call));
  });
  if (answer.usage) events.push({ type: "usage", usage: answer.usage });
  events.push({
    type: "stop",
    reason: answer.stop,
    ...(answer.stopSequence === undefined ? {} : { stopSequence: answer.stopSequence }),
  });
  return events;
}

function blockEvents(block: AnswerBlock, call: number): StreamEvent[] {
  switch (block.kind) {
    case "text":
      return [
        { type: "textDelta", text: block.text, ...(block.logprobs ? { logprobs: block.logprobs } : {}) },
        { type: "textEnd" },
      ];
    case "refusal":
      return [{ type: "refusalDelta", text: block.text }, { type: "textEnd" }];
    case "thinking": {
      const end: StreamEvent = {
        type: "thinkingEnd",
        ...(block.seal ? { seal: block.seal } : {}),
        ...(block.redacted ? { redacted: true } : {}),
      };
      return block.text === "" ? [end] : [{ type: "thinkingDelta", text: block.text }, end];
    }
    case "toolCall":
      return [
        {
          type: "toolStart",
          call,
          id: block.id,
          name: block.name,
          custom: block.custom,
          ...(block.namespace === undefined ? {} : { namespace: block.namespace }),
          ...(block.seal ? { seal: block.seal } : {}),
        },
        { type: "toolArguments", call, text: block.argumentsText },
        { type: "toolEnd", call },
      ];
  }
}

/** Puts the events of a stream together again; events must be in sequence. Undefined if they never came to an end. */
export function foldEvents(events: Iterable<StreamEvent>): Answer | undefined {
  const blocks: AnswerBlock[] = [];
  let id: string | undefined;
  let model: string | undefined;
  let usage: Usage | undefined;
  let text: { kind: "text" | "refusal" | "thinking"; parts: string[]; logprobs: unknown[] } | undefined;
  let tool: { start: Extract<StreamEvent, { type: "toolStart" }>; parts: string[] } | undefined;
  const close = (): void => {
    if (text && text.kind !== "thinking") {
      const content = text.parts.join("");
      blocks.push({
        kind: text.kind,
        text: content,
        ...(text.kind === "text" && text.logprobs.length > 0 ? { logprobs: text.logprobs } : {}),
      } as AnswerBlock);
    } else if (text) blocks.push({ kind: "thinking", text: text.parts.join("") });
    text = undefined;
  };
  const open = (kind: "text" | "refusal" | "thinking"): string[] => {
    if (text?.kind !== kind) close();
    text ??= { kind, parts: [], logprobs: [] };
    return text.parts;
  };
  for (const event of events) {
    switch (event.type) {
      case "start":
        id = event.id;
        model = event.model;
        break;
      case "textDelta":
        open("text").push(event.text);
        if (event.logprobs) text?.logprobs.push(...event.logprobs);
        break;
      case "refusalDelta":
        open("refusal").push(event.text);
        break;
      case "thinkingDelta":
        open("thinking").push(event.text);
        break;
      case "thinkingEnd": {
        const parts = text?.kind === "thinking" ? text.parts : [];
        if (text?.kind === "thinking") text = undefined;
        else close();
        blocks.push({
          kind: "thinking",
          text: parts.join(""),
          ...(event.seal ? { seal: event.seal } : {}),
          ...(event.redacted ? { redacted: true } : {}),
        });
        break;
      }
      case "textEnd":
        close();
        break;
      case "toolStart":
        close();
        tool = { start: event, parts: [] };
        break;
      case "toolArguments":
        tool?.parts.push(event.text);
        break;
      case "toolEnd":
        if (tool) {
          const { id: callId, name, custom, namespace, seal } = tool.start;
          blocks.push({
            kind: "toolCall",
            id: callId,
            name,
            custom,
            argumentsText: tool.parts.join(""),
            ...(namespace === undefined ? {} : { namespace }),
            ...(seal ? { seal } : {}),
          });
        }
        tool = undefined;
        break;
      case "usage":
        usage = event.usage;
        break;
      case "stop":
        close();
        return {
          ...(id === undefined ? {} : { id }),
          ...(model === undefined ? {} : { model }),
          blocks,
          ...(usage ? { usage } : {}),
          stop: event.reason,
          ...(event.stopSequence === undefined ? {} : { stopSequence: event.stopSequence }),
        };
      case "error":
        return undefined;
    }
  }
  return undefined;
}
