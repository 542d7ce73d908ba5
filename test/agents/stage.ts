import { expect } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry, temporaryFolder } from "../support/gateway";
import { ScriptedProvider } from "../support/scriptedProvider";
import type { Task } from "./agents";
import { DeadEnd } from "./deadEnd";
import type { AgentRun } from "./runAgent";
import { CANARY, PROMPT, shellTask } from "./shellTask";

/** A built gateway before a scripted provider of each kind, and no way to the network. */
export class Stage {
  private readonly folders: { remove(): void }[] = [];

  private constructor(
    readonly provider: ScriptedProvider,
    readonly gateway: Gateway,
    readonly network: DeadEnd,
  ) {}

  static async open(): Promise<Stage> {
    const provider = await ScriptedProvider.start(shellTask);
    const entry = (id: string, models: readonly string[], more: object = {}) =>
      providerEntry(provider.url, { id, models: models.map((model) => ({ id: model })), ...more });
    const gateway = await Gateway.start({
      providers: [
        entry("chat", ["gpt-5.1", "gpt-4o", "own-llm", "gpt-5.5", "gpt-6-sol"]),
        entry("responses", ["gpt-5.1", "gpt-4o", "own-llm"], { wireApi: "responses" }),
        entry("messages", ["claude-sonnet-4-5", "claude-opus-4-7", "own-llm"], { type: "anthropic" }),
      ],
    });
    return new Stage(provider, gateway, await DeadEnd.start());
  }

  /** Has an agent do the task, and holds every party to it. */
  async perform(agent: (task: Task) => Promise<AgentRun>, model: string): Promise<AgentRun> {
    this.provider.play(shellTask);
    this.network.wanted.length = 0;
    const home = temporaryFolder();
    this.folders.push(home);
    const run = await agent({
      url: this.gateway.url,
      key: GATEWAY_KEY,
      model,
      prompt: PROMPT,
      home: home.path,
      env: this.network.environment,
    });
    const said = `${run.stdout}\n${run.stderr}`;
    expect(this.provider.refusals, said).toEqual([]);
    // A bare model is the first provider's.
    const [provider = ""] = model.includes("/") ? model.split("/") : ["chat"];
    expect([...this.provider.asked], "protocols that the provider was asked in").toEqual([provider]);
    const turns = this.provider.seen.filter(({ tools }) => tools.length > 0);
    const second = turns.find(({ results }) => results.length > 0);
    expect(second?.results.map(({ text }) => text).join("\n"), said).toContain(CANARY);
    expect(second?.texts.map(({ text }) => text).join("\n")).toContain(PROMPT);
    expect(run.stdout, said).toContain(`It printed ${CANARY}, as the model read it.`);
    expect(run.code, said).toBe(0);
    expect(this.network.wanted, "hosts that the agent asked for").toEqual([]);
    return run;
  }

  async close(): Promise<void> {
    await this.gateway.stop();
    await this.provider.stop();
    await this.network.stop();
    for (const folder of this.folders) folder.remove();
  }
}
