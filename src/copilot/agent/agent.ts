import type { ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import {
  CopilotClient,
  type CopilotSession,
  RuntimeConnection,
  type SessionEvent,
} from "@github/copilot-sdk";
import type {
  AgentHost,
  AgentOutcome,
  AgentPlaces,
  AgentRun,
  AgentSession,
  CopilotAgent,
} from "../../core/agent/contract";
import { logSafeText, PosternError } from "../../core/errors";
import { inTime } from "../inTime";
import { locateRuntime } from "../locateRuntime";
import { agentEnvironment } from "./environment";
import { agentEvent } from "./events";
import { startedBy } from "./leftovers";
import { questionOf } from "./permission";
import { modelInfos, providerOf } from "./sessionConfig";

/** A runtime that has died leaves its calls pending: it is asked this often whether it is there. */
const PING_MS = 5_000;
/** And has this long to answer. */
const PONG_MS = 15_000;
/** And this long to start, or to answer a question. */
const START_MS = 30_000;
/** How long a session may take to end in good order. */
const END_MS = 3_000;

/** Commands in the background are waited for this long, as the Copilot CLI does; it is said after a moment. */
const BACKGROUND_MS = 10 * 60_000;
const NOTICE_MS = 1_000;

const DOES_NOT_ANSWER = "Copilot's runtime does not answer. Try again, or download it anew.";

/** @param environment of this process; the runtime gets a part of it */
export function createAgent(
  places: AgentPlaces,
  environment: Readonly<Record<string, string | undefined>>,
): CopilotAgent {
  return new Agent(places, environment);
}

class Agent implements CopilotAgent {
  constructor(
    private readonly places: AgentPlaces,
    private readonly environment: Readonly<Record<string, string | undefined>>,
  ) {}

  async run(run: AgentRun, host: AgentHost, signal: AbortSignal): Promise<AgentOutcome> {
    if (signal.aborted) return { end: "cancelled", turns: 0 };
    let client: CopilotClient | undefined;
    try {
      client = this.client(run.folder, run);
      return await new Running(run, host, signal).on(client);
    } catch (error) {
      const reason = error instanceof PosternError ? error.message : failureOf(error);
      return { end: "failed", reason, turns: 0 };
    } finally {
      await client?.forceStop().catch(() => {});
    }
  }

  async sessions(): Promise<readonly AgentSession[]> {
    return this.asking(async (client) =>
      (await client.listSessions()).map(({ sessionId, modifiedTime, summary, context }) => ({
        id: sessionId,
        modifiedAt: new Date(modifiedTime).getTime(),
        summary: summary ?? "",
        folder: context?.workingDirectory ?? "",
      })),
    );
  }

  async forget(sessionId: string): Promise<void> {
    await this.asking((client) => client.deleteSession(sessionId));
  }

  private async asking<T>(question: (client: CopilotClient) => Promise<T>): Promise<T> {
    const client = this.client(this.places.sessions);
    try {
      return await inTime(
        client.start().then(() => question(client)),
        START_MS,
        () => new PosternError("not_ready", DOES_NOT_ANSWER),
      );
    } finally {
      await client.forceStop().catch(() => {});
    }
  }

  /** @throws PosternError not_ready without a runtime */
  private client(folder: string, run?: AgentRun): CopilotClient {
    const { sessions, dataDir, runtimePath } = this.places;
    const found = locateRuntime(runtimePath, { environment: this.environment, dataDir });
    if ("missing" in found)
      throw new PosternError("not_ready", `Copilot's agent cannot run: ${found.missing}.`);
    // What was said stands in there.
    mkdirSync(sessions, { recursive: true, mode: 0o700 });
    const models = modelInfos(run?.models ?? []);
    return new CopilotClient({
      mode: "empty",
      baseDirectory: sessions,
      workingDirectory: folder,
      useLoggedInUser: false,
      connection: RuntimeConnection.forStdio({ path: found.path }),
      env: { ...agentEnvironment(this.environment), ...run?.environment },
      logLevel: "none",
      onListModels: () => models,
    });
  }
}

/** One run, from its session's beginning to its end. */
class Running {
  private turns = 0;
  private failure: string | undefined;
  private limit: string | undefined;
  private session: CopilotSession | undefined;
  private finish: () => void = () => {};
  private readonly finished = new Promise<void>((resolve) => {
    this.finish = resolve;
  });
  private stopWatching: () => void = () => {};
  private waiting: NodeJS.Timeout | undefined;
  private readonly toolNames = new Map<string, string>();
  /** Ends questions to the person when the run is over. */
  private readonly over = new AbortController();

  constructor(
    private readonly run: AgentRun,
    private readonly host: AgentHost,
    private readonly signal: AbortSignal,
  ) {}

  async on(client: CopilotClient): Promise<AgentOutcome> {
    const cancel = (): void => this.finish();
    this.signal.addEventListener("abort", cancel, { once: true });
    const begun = this.begin(client);
    begun.catch((error: unknown) => {
      this.failure ??= failureOf(error);
      this.finish();
    });
    try {
      await this.finished;
    } finally {
      this.stopWatching();
      clearTimeout(this.waiting);
      this.signal.removeEventListener("abort", cancel);
      this.over.abort();
      // Only what is broken off has commands that it waits for; one that has come to its end may leave a server.
      const endCommands = this.outcome().end === "done" ? undefined : await startedBy(pidOf(client));
      await inTime(this.end(client, begun), END_MS, () => new Error("late")).catch(() => {});
      await endCommands?.();
    }
    return this.outcome();
  }

  /** Any of these a runtime may leave unanswered. */
  private async begin(client: CopilotClient): Promise<void> {
    await inTime(client.start(), START_MS, () => new Error(DOES_NOT_ANSWER));
    if (this.over.signal.aborted) return;
    this.stopWatching = this.watch(client);
    this.session = await this.open(client);
    if (!this.over.signal.aborted) {
      const { prompt, images = [] } = this.run;
      const attachments = images.map((image) => ({ type: "blob" as const, ...image }));
      await this.session.send({ prompt, attachments });
    }
  }

  private open(client: CopilotClient): Promise<CopilotSession> {
    const { model, folder, resume } = this.run;
    const config = {
      model,
      provider: providerOf(this.run),
      streaming: true,
      workingDirectory: folder,
      // In this mode the runtime tells the model nothing of where it is.
      systemMessage: { mode: "append" as const, content: `The working directory is ${folder}` },
      availableTools: ["builtin:*"],
      enableSessionTelemetry: false,
      // A repository must not bring instructions, servers or agents of its own that nobody has looked at.
      enableConfigDiscovery: false,
      skipCustomInstructions: true,
      clientName: "postern",
      onPermissionRequest: (request: Parameters<typeof questionOf>[0]) => this.permit(request),
      onEvent: (event: SessionEvent) => this.take(event),
    };
    return resume === undefined ? client.createSession(config) : client.resumeSession(resume, config);
  }

  private async permit(request: Parameters<typeof questionOf>[0]) {
    const question = questionOf(request, this.run.folder);
    let allowed = false;
    try {
      allowed = !this.over.signal.aborted && (await this.host.permit(question, this.over.signal));
    } catch {
      // Nobody can say yes.
    }
    if (allowed) return { kind: "approve-once" as const };
    // Without a word the runtime would end the turn.
    return {
      kind: "reject" as const,
      feedback: "The user does not allow this. Go on without it, or say what is missing.",
    };
  }

  private take(event: SessionEvent): void {
    if (this.over.signal.aborted) return;
    const shown = agentEvent(event, this.toolNames, this.run.folder);
    if (shown) this.host.onEvent(shown);
    if (event.type === "assistant.turn_start") void this.nextTurn();
    else if (event.type === "assistant.idle" && event.agentId === undefined) this.waitForCommands();
    else if (event.type === "session.error") {
      this.failure = event.data.message;
      this.finish();
    } else if (event.type === "session.idle") this.finish();
  }

  /** The session is idle only when its commands in the background have ended, which a server never does. */
  private waitForCommands(): void {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      const detail = "for commands in the background; to cancel ends them";
      this.host.onEvent({ type: "tool", name: "waits", detail });
      this.waiting = setTimeout(() => this.finish(), this.run.backgroundMs ?? BACKGROUND_MS);
    }, NOTICE_MS);
  }

  private async nextTurn(): Promise<void> {
    clearTimeout(this.waiting);
    const { maxTurns } = this.run;
    if (maxTurns !== undefined && this.turns >= maxTurns) {
      this.stopAt(`It has had its ${maxTurns} turns.`);
      return;
    }
    this.turns += 1;
    if (this.turns === 1) return;
    const reason = await this.host.mayGoOn?.(this.turns).catch((error: unknown) => logSafeText(error));
    if (reason !== undefined) this.stopAt(reason);
  }

  private stopAt(limit: string): void {
    this.limit ??= limit;
    this.finish();
  }

  private watch(client: CopilotClient): () => void {
    let asking = false;
    const timer = setInterval(async () => {
      if (asking) return;
      asking = true;
      try {
        await inTime(client.ping(), PONG_MS, () => new Error("silent"));
      } catch {
        if (this.over.signal.aborted) return;
        this.failure ??= "Copilot's runtime has ended unexpectedly.";
        this.finish();
      } finally {
        asking = false;
      }
    }, PING_MS);
    return () => clearInterval(timer);
  }

  private async end(client: CopilotClient, begun: Promise<void>): Promise<void> {
    await begun.catch(() => {});
    const { session } = this;
    if (!session) return;
    await session.abort().catch(() => {});
    // Commands in the background have process groups of their own, and would outlive the runtime.
    const { tasks } = await session.rpc.tasks.list().catch(() => ({ tasks: [] }));
    await Promise.allSettled(tasks.map(({ id }) => session.rpc.tasks.cancel({ id })));
    await session.disconnect().catch(() => {});
    if (!this.run.keep) await client.deleteSession(session.sessionId);
  }

  private outcome(): AgentOutcome {
    const { turns, failure, limit, session } = this;
    const base = { turns, ...(session ? { sessionId: session.sessionId } : {}) };
    if (this.signal.aborted) return { ...base, end: "cancelled" };
    if (limit !== undefined) return { ...base, end: "limit", reason: limit };
    if (failure !== undefined) return { ...base, end: "failed", reason: failure };
    return { ...base, end: "done" };
  }
}

/** The SDK tells nobody of its process. */
function pidOf(client: CopilotClient): number | undefined {
  return (client as unknown as { cliProcess?: ChildProcess | null }).cliProcess?.pid;
}

function failureOf(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : "Copilot's runtime does not start.";
}
