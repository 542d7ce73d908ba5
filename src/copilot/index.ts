import type { StreamEvent } from "../core/conversation/answer";
import {
  type CopilotAccount,
  CopilotFault,
  type CopilotHost,
  type CopilotModel,
  type CopilotTurn,
  type CopilotUpstream,
  type DownloadProgress,
  RUNTIME_MISSING,
} from "../core/copilot/contract";
import { rpcFault, runtimeHangs } from "../core/copilot/faults";
import { copilotModels } from "../core/copilot/models";
import { copilotQuota } from "../core/copilot/quota";
import type { QuotaFigure } from "../core/governance/quota";
import { downloadRuntime } from "./downloadRuntime";
import { inTime } from "./inTime";
import { locateRuntime } from "./locateRuntime";
import { Runtime } from "./runtime";
import { runTurn } from "./session";

/** How long the runtime may take over a question to GitHub that is no request to a model. */
const ASK_MS = 30_000;

/** GitHub Copilot by its SDK: one runtime's process for all accounts, each request with its own token. */
export function createCopilotUpstream(host: CopilotHost): CopilotUpstream {
  return new Upstream(host);
}

class Upstream implements CopilotUpstream {
  /** By program and GitHub's address. */
  private readonly runtimes = new Map<string, Runtime>();

  constructor(private readonly host: CopilotHost) {}

  async listModels(account: CopilotAccount): Promise<readonly CopilotModel[]> {
    return copilotModels(await this.ask(account, (rpc, token) => rpc.models.list({ gitHubToken: token })));
  }

  async quota(account: CopilotAccount): Promise<readonly QuotaFigure[]> {
    const answer = await this.ask(account, (rpc, token) => rpc.account.getQuota({ gitHubToken: token }));
    return copilotQuota(answer, Date.now());
  }

  async run(
    account: CopilotAccount,
    turn: CopilotTurn,
    sink: (event: StreamEvent) => void,
    signal: AbortSignal,
    onQuota: (figures: readonly QuotaFigure[]) => void,
  ): Promise<void> {
    const runtime = this.runtimeFor(account);
    // A process that has ended says nothing more; what it still says is not for this request.
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    try {
      await runtime.use((client) =>
        runTurn(client, runtime.workingDirectory, account, turn, { sink, onQuota }, either),
      );
    } finally {
      ended.abort(new Error("over"));
    }
  }

  download(registry: string | undefined, progress: DownloadProgress, signal: AbortSignal): Promise<string> {
    return downloadRuntime(this.host.dataDir, registry, progress, signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.runtimes.values()].map((runtime) => runtime.stop()));
    this.runtimes.clear();
  }

  private async ask<T>(
    account: CopilotAccount,
    question: (rpc: Parameters<Parameters<Runtime["use"]>[0]>[0]["rpc"], token: string) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.runtimeFor(account).use((client) =>
        inTime(question(client.rpc, account.token), ASK_MS, runtimeHangs),
      );
    } catch (thrown) {
      throw rpcFault(thrown);
    }
  }

  /** @throws CopilotFault where none is on this machine */
  private runtimeFor({ baseUrl, cliPath }: CopilotAccount): Runtime {
    const found = locateRuntime(cliPath, { environment: process.env, dataDir: this.host.dataDir });
    if ("missing" in found) {
      throw new CopilotFault({
        status: 502,
        message: `Copilot cannot be used: ${found.missing}.`,
        code: RUNTIME_MISSING,
      });
    }
    const key = `${found.path} ${baseUrl}`;
    const known = this.runtimes.get(key);
    if (known && !known.isWornOut) return known;
    known?.retire();
    const runtime = new Runtime({ path: found.path, baseUrl, host: this.host });
    this.runtimes.set(key, runtime);
    return runtime;
  }
}
