import { randomUUID } from "node:crypto";
import type { ComparisonHost, ComparisonPlan } from "../../core/agent/comparison";
import type {
  AgentGateway,
  AgentHost,
  AgentImage,
  AgentOutcome,
  AgentSession,
  LoadAgent,
} from "../../core/agent/contract";
import { type RunCost, runCost } from "../../core/agent/runCost";
import type { TaskRunWithDiff } from "../../core/agent/taskRun";
import type { RequestRecord } from "../../core/governance/requestRecord";
import type { EngineApi } from "../engine/api";
import type { GatewayController } from "../gateway/controller";
import type { GatewayKeys } from "../secrets/gatewayKeys";
import type { PosternState } from "../state";
import { modelsFor, protocolFor } from "./models";

/** The gateway key that the agent uses; it may be given limits as any other. */
const KEY_NAME = "Copilot agent";
const PAGE = 1_000;

export interface RunnerParts {
  readonly load: LoadAgent;
  readonly api: Pick<EngineApi, "ask">;
  readonly gateway: Pick<GatewayController, "start">;
  readonly keys: Pick<GatewayKeys, "own">;
  /** Lets the engine know of a new key. */
  readonly changed: () => Promise<void>;
  readonly state: () => PosternState;
  readonly storagePath: string;
  /** The runtime that a provider of type `copilot` names, if one does. */
  readonly runtimePath: () => string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface AskedRun {
  readonly prompt: string;
  readonly images?: readonly AgentImage[];
  readonly model: string;
  readonly folder: string;
  readonly resume?: string;
}

export interface FinishedRun {
  readonly outcome: AgentOutcome;
  readonly cost: RunCost;
}

/** Runs Copilot's agent on the gateway, which is started for it, and asks the ledger what it has cost. */
export class AgentRunner {
  constructor(private readonly parts: RunnerParts) {}

  async run({ model, ...asked }: AskedRun, host: AgentHost, signal: AbortSignal): Promise<FinishedRun> {
    const gateway = await this.openGateway();
    const agent = await this.agent();
    const state = this.parts.state();
    const task = `agent-${randomUUID()}`;
    const outcome = await agent.run(
      {
        ...asked,
        model,
        gateway,
        task,
        keep: true,
        protocol: protocolFor(state, model),
        models: modelsFor(state),
      },
      host,
      signal,
    );
    return { outcome, cost: await this.costOf(task) };
  }

  async compare(
    plan: Pick<ComparisonPlan, "name" | "task" | "folder" | "parallel"> & {
      readonly models: readonly string[];
    },
    onStep: ComparisonHost["onStep"],
    signal: AbortSignal,
  ): Promise<readonly TaskRunWithDiff[]> {
    const gateway = await this.openGateway();
    const { createComparer } = await this.parts.load();
    const state = this.parts.state();
    const models = plan.models.map((id) => ({ id, protocol: protocolFor(state, id) }));
    const host: ComparisonHost = {
      onStep,
      cost: (task) => this.costOf(task),
      onResult: async (run) => {
        await this.parts.api.ask("saveTaskRun", run);
      },
    };
    const comparer = createComparer(await this.agent(), this.parts.environment);
    const id = `compare-${randomUUID()}`;
    return comparer.compare({ ...plan, id, models, known: modelsFor(state), gateway }, host, signal);
  }

  async sessions(): Promise<readonly AgentSession[]> {
    const sessions = await (await this.agent()).sessions();
    return [...sessions].sort((one, other) => other.modifiedAt - one.modifiedAt);
  }

  async forget(sessionId: string): Promise<void> {
    await (await this.agent()).forget(sessionId);
  }

  private async agent() {
    const { createAgent } = await this.parts.load();
    const { storagePath, environment } = this.parts;
    const runtimePath = this.parts.runtimePath();
    const places = { sessions: `${storagePath}/agent`, dataDir: `${storagePath}/engine` };
    return createAgent({ ...places, ...(runtimePath === undefined ? {} : { runtimePath }) }, environment);
  }

  /** @throws Error with a reason for the person */
  private async openGateway(): Promise<AgentGateway> {
    const { key } = await this.parts.keys.own(KEY_NAME);
    await this.parts.changed();
    const state = await this.parts.gateway.start();
    if (state.state === "running") return { url: state.url, key };
    throw new Error(
      state.state === "failed" ? state.message : "The gateway, which the agent needs, does not run.",
    );
  }

  private async costOf(task: string): Promise<RunCost> {
    const found: RequestRecord[] = [];
    for (let before: { readonly startedAt: number; readonly id: string } | undefined; ; ) {
      const query = { filter: { task }, limit: PAGE, ...(before ? { before } : {}) };
      const { requests, next } = await this.parts.api.ask("queryRequests", query);
      found.push(...requests);
      if (!next) return runCost(found);
      before = next;
    }
  }
}
