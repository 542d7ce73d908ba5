import type { IncomingMessage } from "node:http";
import type { Caller } from "../../core/governance/caller";
import { parseJson } from "../../core/json/access";
import { ChatAnswer, type ChatOutcome, chatBody, failureIn, wholeAnswer } from "../../core/mcp/chatAnswer";
import type { ChatArguments } from "../../core/mcp/tools";
import type { ChatReply } from "./backend";
import type { InProcessHttp } from "./inProcessHttp";

/** By which the ledger knows these requests. */
const USER_AGENT = "postern-mcp";

const FACT_HEADERS: readonly (readonly [string, string])[] = [
  ["provider", "x-postern-provider"],
  ["model", "x-postern-model"],
  ["dropped", "x-postern-dropped"],
  ["policy", "x-postern-policy"],
  ["request_id", "x-request-id"],
];

/** Asks a model as any request of the caller's would. Rejects only when it is aborted. */
export async function callChat(
  http: InProcessHttp,
  caller: Caller,
  args: ChatArguments,
  signal: AbortSignal,
  progress: (characters: number) => void,
): Promise<ChatReply> {
  try {
    const answer = await http.post({
      caller,
      path: "/v1/chat/completions",
      headers: { "content-type": "application/json", "user-agent": USER_AGENT },
      body: chatBody(args),
      signal,
    });
    const facts = factsIn(answer);
    if (answer.statusCode !== 200) return { text: "", failure: await refusalIn(answer), facts };
    const outcome = await read(answer, progress);
    const { text, failure, finishReason, inputTokens, outputTokens } = outcome;
    return {
      text,
      ...(failure === undefined ? {} : { failure }),
      ...(finishReason === undefined ? {} : { finishReason }),
      facts: {
        ...facts,
        ...(finishReason === undefined ? {} : { finish_reason: finishReason }),
        ...(inputTokens === undefined ? {} : { input_tokens: inputTokens }),
        ...(outputTokens === undefined ? {} : { output_tokens: outputTokens }),
      },
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return { text: "", failure: "Postern is stopping; try again in a moment.", facts: {} };
  }
}

async function read(answer: IncomingMessage, progress: (characters: number) => void): Promise<ChatOutcome> {
  if (!/^text\/event-stream\b/i.test(answer.headers["content-type"] ?? ""))
    return wholeAnswer(parseJson(await textOf(answer)));
  const gathered = new ChatAnswer();
  try {
    for await (const bytes of answer) {
      gathered.push(bytes as Buffer);
      progress(gathered.length);
    }
  } catch (error) {
    // Cut: what there is is told with why there is no more of it.
    if (gathered.length === 0) throw error;
  }
  return gathered.end();
}

async function refusalIn(answer: IncomingMessage): Promise<string> {
  const said = failureIn(parseJson(await textOf(answer)));
  return said ?? `The provider answered with HTTP ${answer.statusCode}.`;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const bytes of answer) chunks.push(bytes as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function factsIn({ headers }: IncomingMessage): Record<string, unknown> {
  return Object.fromEntries(
    FACT_HEADERS.flatMap(([name, header]) =>
      headers[header] === undefined ? [] : [[name, headers[header]]],
    ),
  );
}
