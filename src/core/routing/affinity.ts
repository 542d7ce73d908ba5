import { isObject, nonEmpty, parseJson } from "../json/access";
import { shortHash } from "../text/encode";

/**
 * Headers by which agents name their session, in lower case. Not Copilot's `x-interaction-id`: VS Code Chat and the
 * Copilot CLI have a new one for each question.
 */
const SESSION_HEADERS = [
  "x-postern-session",
  "x-claude-code-session-id",
  "session-id",
  "session_id",
  "conversation_id",
  "thread-id",
  "x-session-affinity",
  "x-session-id",
];

/** What of a request can tell its conversation. */
export interface Conversing {
  header(name: string): string | undefined;
  /** One of the body's outermost values, as its JSON text; undefined where it is not there. */
  member(name: string): string | undefined;
}

/** A larger history is not parsed to find its beginning. */
const MAX_PARSED = 4 * 1024 * 1024;
const BEGINNING = 4096;

/**
 * Names the conversation that a request belongs to, the same for each of its turns, without keeping anything of it:
 * by the session that the agent names, by the key that it wants its prompt cached under, else by how the
 * conversation begins.
 */
export function conversationKey(request: Conversing): string | undefined {
  for (const name of SESSION_HEADERS) {
    const value = request.header(name);
    if (value) return shortHash(`${name} ${value}`);
  }
  for (const [name, read] of [
    ["prompt_cache_key", (value: unknown) => nonEmpty(value)],
    // Claude Code writes its session into it; for others it is the user, which serves as well.
    ["metadata", (value: unknown) => (isObject(value) ? nonEmpty(value.user_id) : undefined)],
  ] as const) {
    const text = request.member(name);
    const found = text === undefined ? undefined : read(parseJson(text));
    if (found !== undefined) return shortHash(`${name} ${found}`);
  }
  const beginning = firstTurn(request.member("messages") ?? request.member("input"));
  if (beginning === undefined) return undefined;
  const system = request.member("system") ?? request.member("instructions") ?? "";
  return shortHash(`${system.slice(0, BEGINNING)} ${beginning}`);
}

/** Everything up to the first answer: what stays as it is while the conversation grows. */
function firstTurn(history: string | undefined): string | undefined {
  if (history === undefined) return undefined;
  if (history.length > MAX_PARSED) return history.slice(0, BEGINNING);
  const turns = parseJson(history);
  if (!Array.isArray(turns)) return history.slice(0, BEGINNING);
  const isAnswer = (turn: unknown): boolean => {
    if (!isObject(turn)) return false;
    return turn.role === "assistant" || (turn.role === undefined && turn.type !== "message");
  };
  const end = turns.findIndex(isAnswer);
  return JSON.stringify(end < 0 ? turns : turns.slice(0, end)).slice(0, BEGINNING);
}
