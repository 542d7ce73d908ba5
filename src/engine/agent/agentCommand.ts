import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import {
  type ComparisonHost,
  type ComparisonStep,
  consentText,
  DEFAULT_PARALLEL,
} from "../../core/agent/comparison";
import type { AgentGateway, AgentHost, CopilotAgent, LoadAgent } from "../../core/agent/contract";
import { outcomeText } from "../../core/agent/outcomeText";
import { costLine, runCost } from "../../core/agent/runCost";
import { parseTaskFile } from "../../core/agent/taskFile";
import { comparisonCost, comparisonTable, type TaskRunWithDiff } from "../../core/agent/taskRun";
import { visible, withoutControls } from "../../core/agent/visible";
import { logSafeText } from "../../core/errors";
import { type HeadlessEngine, openEngine, type ServeOptions } from "../headless";
import { untilSignal } from "../lifecycle/untilSignal";
import { readNamedFile } from "../namedFile";
import { Person } from "./person";
import { requestsOfTask } from "./runLedger";
import { saveTaskRun } from "./taskRuns";

/** The caller in the ledger; its key lives as long as the process. */
const KEY_NAME = "postern agent";

export interface AgentOptions extends ServeOptions {
  readonly loadAgent: LoadAgent;
  /** The folder to work in. */
  readonly folder: string;
  /** What is allowed without a question: `read`, `edit`, `run`. */
  readonly allow: readonly string[];
}

export interface AskOptions extends AgentOptions {
  readonly model: string;
  readonly prompt: string;
  readonly resume?: string;
}

export interface CompareOptions extends AgentOptions {
  readonly file: string;
  readonly models: readonly string[];
  readonly parallel?: number;
  /** The person has agreed beforehand. */
  readonly yes: boolean;
}

/** `postern agent`. @returns the exit code */
export function askAgent(options: AskOptions): Promise<number> {
  return withAgent(options, async ({ engine, agent, gateway, person, signal }) => {
    const task = `agent-${randomUUID()}`;
    const outcome = await agent.run(
      {
        prompt: options.prompt,
        model: options.model,
        protocol: engine.protocolOf(options.model),
        models: engine.agentModels(),
        gateway,
        folder: options.folder,
        task,
        keep: options.loaded.dataDir !== undefined,
        ...(options.resume === undefined ? {} : { resume: options.resume }),
      },
      hostFor(person),
      signal,
    );
    process.stdout.write("\n");
    person.say(outcomeText(outcome));
    person.say(costLine(runCost(await requestsOfTask(engine.ledger, task))));
    if (outcome.sessionId !== undefined && options.loaded.dataDir !== undefined)
      person.say(`To go on: --resume ${outcome.sessionId}`);
    return outcome.end === "done" ? 0 : 1;
  });
}

/** `postern compare`. @returns the exit code: 0 if a model has passed */
export async function compareModels(options: CompareOptions): Promise<number> {
  const read = parseTaskFile(readNamedFile(options.file));
  if (!read.ok) {
    for (const fault of read.faults) process.stderr.write(`${options.file}: ${visible(fault)}\n`);
    return 2;
  }
  const { task } = read;
  const ids = options.models.length > 0 ? options.models : task.models;
  if (ids.length === 0) {
    process.stderr.write(`No models: name them with --models, or under models: in ${options.file}\n`);
    return 2;
  }
  return withAgent(options, async ({ engine, comparer, gateway, person, signal }) => {
    const models = ids.map((id) => ({ id, protocol: engine.protocolOf(id) }));
    const parallel = options.parallel ?? DEFAULT_PARALLEL;
    person.say(consentText({ task, models, parallel }));
    if (!options.yes && !(await person.ask("Run all this?", signal))) {
      person.say("Nothing was run. Without a terminal to ask at, --yes agrees.");
      return 2;
    }
    const host: ComparisonHost = {
      onStep: (model: string, step: ComparisonStep) => person.say(`${model}: ${step}`),
      cost: async (run) => runCost(await requestsOfTask(engine.ledger, run)),
      onResult: async (run: TaskRunWithDiff) => {
        if (!saveTaskRun(engine.ledger, run) && options.loaded.dataDir !== undefined)
          person.say(`${run.model}: the result could not be kept in the ledger`);
      },
    };
    const name = basename(options.file).replace(/\.md$/i, "");
    const plan = { id: `compare-${randomUUID()}`, name, task, folder: options.folder, models, parallel };
    const runs = await comparer.compare({ ...plan, known: engine.agentModels(), gateway }, host, signal);
    process.stdout.write(`${comparisonTable(runs)}\n`);
    person.say(`All together: ${comparisonCost(runs)}`);
    return runs.some(({ passed }) => passed) ? 0 : 1;
  });
}

interface Means {
  readonly engine: HeadlessEngine["engine"];
  readonly agent: CopilotAgent;
  readonly comparer: ReturnType<Awaited<ReturnType<LoadAgent>>["createComparer"]>;
  readonly gateway: AgentGateway;
  readonly person: Person;
  readonly signal: AbortSignal;
}

/** An engine on a free port of this machine, with a gateway key that nobody else has. */
async function withAgent(options: AgentOptions, work: (means: Means) => Promise<number>): Promise<number> {
  const key = randomBytes(32).toString("base64url");
  const keys = [{ name: KEY_NAME, key, workspaceFolder: options.folder }];
  const headless = await openEngine({ ...options, host: "127.0.0.1", port: 0, keys });
  if (!headless) return 2;
  const { engine } = headless;
  const { dataDir, engine: config } = options.loaded;
  const runtimePath = config.providers.flatMap((provider) => provider.config.copilot?.cliPath ?? [])[0];
  // Without a data folder nothing is to stay.
  const temporary = dataDir === undefined ? mkdtempSync(join(tmpdir(), "postern-agent-")) : undefined;
  const signal = untilSignal();
  const person = new Person(options.allow);
  try {
    await engine.startGateway();
    await engine.settleModels();
    const { createAgent, createComparer } = await options.loadAgent();
    const agent = createAgent(
      {
        sessions: temporary ?? resolve(dataDir ?? "", "agent"),
        dataDir,
        ...(runtimePath === undefined ? {} : { runtimePath }),
      },
      process.env,
    );
    const comparer = createComparer(agent, process.env);
    const gateway = { url: engine.url ?? "", key };
    return await work({ engine, agent, comparer, gateway, person, signal });
  } catch (error) {
    process.stderr.write(`${logSafeText(error)}\n`);
    return 1;
  } finally {
    person.close();
    await headless.close();
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

function hostFor(person: Person): AgentHost {
  return {
    onEvent: (event) => {
      if (event.type === "text")
        process.stdout.write(process.stdout.isTTY ? withoutControls(event.text) : event.text);
      else if (event.type === "tool") person.say(`· ${event.name} ${event.detail}`);
      else if (event.type === "toolEnd" && !event.ok && !event.denied)
        person.say(`· ${event.name} did not work`);
      else if (event.type === "retry") person.say(`· again, since it failed: ${event.message}`);
    },
    permit: (question, signal) => person.permit(question, signal),
  };
}
