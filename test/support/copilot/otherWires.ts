import type { IncomingMessage } from "node:http";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { completed } from "../scripted/turn";
import { CALL_IDS, readRequest, streamEvents } from "../scriptedProvider";
import type { Step } from "./fakeGitHub";

/** What GitHub answers in, beside Chat Completions, by the model. */
export const OTHER_WIRES: Readonly<Record<string, WireProtocol>> = {
  "/responses": "responses",
  "/v1/messages": "messages",
};

/**
 * The steps of an answer as another protocol's stream.
 * @throws Refusal where the request is not as that protocol has it
 */
export function otherWire(
  protocol: WireProtocol,
  body: unknown,
  headers: IncomingMessage["headers"],
  steps: readonly Step[],
): string[] {
  const version = String(headers["anthropic-version"] ?? "2023-06-01");
  const seen = readRequest(protocol, body, { version });
  const deltas = steps as readonly {
    content?: string;
    reasoning_content?: string;
    tool_calls?: readonly { index: number; function: { name?: string; arguments?: string } }[];
  }[];
  const joined = (name: "content" | "reasoning_content") => deltas.map((delta) => delta[name] ?? "").join("");
  const calls: { name: string; input: string }[] = [];
  for (const { index, function: part } of deltas.flatMap(({ tool_calls = [] }) => tool_calls)) {
    const before = calls[index] ?? { name: part.name ?? "", input: "" };
    calls[index] = { ...before, input: before.input + (part.arguments ?? "") };
  }
  const [text, reasoning] = [joined("content"), joined("reasoning_content")];
  const turn = {
    calls,
    ...(text === "" ? {} : { text }),
    ...(reasoning === "" ? {} : { reasoning }),
    usage: { fresh: 20, cached: 10, output: 7, reasoning: 0 },
  };
  return streamEvents(protocol, completed(turn, seen, CALL_IDS[protocol]), seen);
}
