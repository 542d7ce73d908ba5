import { randomUUID } from "node:crypto";
import type { CopilotClient, CopilotSession } from "@github/copilot-sdk";
import type { StreamEvent } from "../core/conversation/answer";
import { createAnswerReader, type SessionEvent } from "../core/copilot/answer";
import type { CopilotAccount, CopilotTurn } from "../core/copilot/contract";
import { rpcFault } from "../core/copilot/faults";
import { copilotQuota } from "../core/copilot/quota";
import type { QuotaFigure } from "../core/governance/quota";
import { EVENTS_FILE, MemoryFs } from "./memoryFs";

/** Tokens; more than a request may have bytes. */
const NO_LIMIT = 1_000_000_000;

/** Who hears what of a turn. */
export interface TurnSinks {
  readonly sink: (event: StreamEvent) => void;
  readonly onQuota: (figures: readonly QuotaFigure[]) => void;
}

/**
 * One request as a session of its own: its past is written as the events that would have led to it, the model answers
 * once, and the session is ended. Tools are declared and have nobody to run them; of the runtime's own none is there.
 * @throws CopilotFault
 */
export async function runTurn(
  client: CopilotClient,
  workingDirectory: string,
  account: CopilotAccount,
  turn: CopilotTurn,
  { sink, onQuota }: TurnSinks,
  signal: AbortSignal,
): Promise<void> {
  const id = randomUUID();
  const files = new MemoryFs({ [EVENTS_FILE]: pastOf(id, turn, workingDirectory) });
  const reader = createAnswerReader(turn.model);
  let settle: { resolve(): void; reject(thrown: unknown): void } = { resolve: () => {}, reject: () => {} };
  const answered = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  answered.catch(() => {});
  let over = false;
  const onEvent = (event: SessionEvent): void => {
    if (over) return;
    try {
      // The SDK's types do not have it; it comes from the headers of GitHub's answer.
      if (event.type === "assistant.usage") {
        const figures = copilotQuota(event.data, Date.now());
        if (figures.length > 0) onQuota(figures);
      }
      for (const said of reader.read(event)) sink(said);
      if (!reader.isOver()) return;
      over = true;
      settle.resolve();
    } catch (thrown) {
      over = true;
      settle.reject(thrown);
    }
  };
  const onAbort = (): void => {
    over = true;
    settle.reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  let session: CopilotSession | undefined;
  try {
    signal.throwIfAborted();
    session = await client.resumeSession(id, {
      model: turn.model,
      gitHubToken: account.token,
      streaming: true,
      availableTools: ["custom:*"],
      tools: turn.tools.map((tool) => ({
        ...tool,
        skipPermission: true,
        defer: "never" as const,
        // A client's "bash" is the client's: without this the runtime refuses a name that one of its own tools has.
        overridesBuiltInTool: true,
      })),
      systemMessage: { mode: "replace", content: turn.system },
      disabledMcpServers: ["github-mcp-server"],
      infiniteSessions: { enabled: false },
      // Over the limit it would leave out the oldest messages without a word: whether it is too long is GitHub's to say.
      modelCapabilities: { limits: { max_prompt_tokens: NO_LIMIT, max_context_window_tokens: NO_LIMIT } },
      enableSessionTelemetry: false,
      enableConfigDiscovery: false,
      createSessionFsProvider: () => files,
      // The runtime would put the time in front of what was said.
      hooks: {
        onUserPromptTransformed: ({ prompt }: { prompt: string }) => ({ modifiedTransformedPrompt: prompt }),
      },
      onPermissionRequest: () => ({ kind: "reject" as const }),
      onEvent,
      ...(turn.reasoningEffort === undefined ? {} : { reasoningEffort: turn.reasoningEffort as "low" }),
    });
    // Whoever left while the session was made, or whose model was replaced, has nothing sent.
    if (!over) await begin(session, turn);
    await answered;
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw rpcFault(thrown);
  } finally {
    over = true;
    signal.removeEventListener("abort", onAbort);
    if (session) await end(session);
    files.clear();
  }
}

async function begin(session: CopilotSession, { input, jsonSchema }: CopilotTurn): Promise<void> {
  const format = jsonSchema ? { responseFormat: { type: "json_schema" as const, jsonSchema } } : {};
  if (input.kind === "results") {
    await session.rpc.sendMessages({ messages: [], ...format } as Parameters<
      typeof session.rpc.sendMessages
    >[0]);
    return;
  }
  const attachments = input.attachments.map((attachment) => ({ ...attachment }));
  await session.rpc.send({
    prompt: input.text,
    ...(attachments.length > 0 ? { attachments } : {}),
    ...format,
  } as Parameters<typeof session.rpc.send>[0]);
}

/** The session must do nothing more: after a call of a tool that is not there it would ask the model again. */
async function end(session: CopilotSession): Promise<void> {
  await session.abort().catch(() => {});
  await session.disconnect().catch(() => {});
}

/** The events of a session that has come to where the request begins, one JSON text a line. */
function pastOf(sessionId: string, { model, past }: CopilotTurn, cwd: string): string {
  const timestamp = new Date().toISOString();
  let parentId: string | null = null;
  const start = {
    type: "session.start",
    data: {
      sessionId,
      version: 1,
      producer: "copilot-agent",
      copilotVersion: "0.0.0",
      startTime: timestamp,
      selectedModel: model,
      context: { cwd },
    },
  };
  const lines = [start, ...past].map(({ type, data }) => {
    const id = randomUUID();
    const own = type === "assistant.message" ? { messageId: randomUUID(), ...data } : data;
    const line = JSON.stringify({ type, data: own, id, timestamp, parentId });
    parentId = id;
    return line;
  });
  return `${lines.join("\n")}\n`;
}
