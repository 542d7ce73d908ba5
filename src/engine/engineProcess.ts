import type { LoadCopilot } from "../core/copilot/contract";
import { logSafeText } from "../core/errors";
import type { EngineBoot } from "../core/rpc/contract";
import { openAuditedLedger } from "./audit/openAuditedLedger";
import { EngineService } from "./engineService";
import { Linger } from "./lifecycle/linger";
import { acquireOwnership } from "./lifecycle/ownership";
import { announcePipe, withdrawPipe } from "./lifecycle/pipeNote";
import { EngineLog } from "./log/log";
import { PipeServer } from "./pipe/pipeServer";
import { machinePolicy } from "./policy/machinePolicy";
import { ModelListCache } from "./providers/modelListCache";

/** Where the engine is not told otherwise. On Windows it holds VS Code's executable, so it must not stay long. */
const MAX_LINGER_SECONDS = process.platform === "win32" ? 10 : 24 * 60 * 60;
const DEFAULT_LINGER_SECONDS = 60;
/** A long agent run may go on while a newer engine has already taken over. */
const DRAIN_MS = 60 * 60_000;
const SIGNAL_DRAIN_MS = 10_000;

/** Runs the engine for the windows of one user, until nobody needs it. @returns the exit code */
export async function runEngineProcess(
  boot: EngineBoot,
  version: string,
  loadCopilot?: LoadCopilot,
): Promise<number> {
  const log = new EngineLog(Date.now);
  const ownership = await acquireOwnership(boot.dataDir, log);
  // Two windows started one each; the other one serves them both.
  if (!ownership) return 0;
  const lists = new ModelListCache(boot.dataDir, log);
  const { ledger, audit, secrets } = openAuditedLedger(boot.dataDir, log);
  const administrator = machinePolicy();
  const { dataDir } = boot;
  const parts = { version, log, ledger, audit, secrets, lists, administrator, loadCopilot, dataDir };
  const engine = new EngineService(parts);
  return new Promise((resolve) => {
    let leaving = false;
    const leave = async (drainMs: number) => {
      const drained = engine.drain(drainMs);
      if (leaving) return;
      leaving = true;
      pipe.leave();
      withdrawPipe(boot.dataDir);
      // The successor finds everything that has settled so far.
      ledger.flush();
      lists.handOver();
      ownership.release();
      await drained;
      pipe.close();
      await engine.close();
      resolve(0);
    };
    const linger = new Linger(
      MAX_LINGER_SECONDS,
      () => engine.running > 0,
      () => void leave(0),
    );
    linger.configure(DEFAULT_LINGER_SECONDS, false);
    engine.onConfigured((config) => linger.configure(config.lingerSeconds, config.keepRunning));
    const options = { path: boot.pipePath, token: boot.token, version };
    const pipe = new PipeServer(
      options,
      engine,
      log,
      (count) => linger.windowsChanged(count),
      () => void leave(DRAIN_MS),
    );
    process.once("SIGTERM", () => void leave(SIGNAL_DRAIN_MS));
    process.once("SIGINT", () => void leave(SIGNAL_DRAIN_MS));
    pipe.listen().then(
      (listening) => {
        if (!listening) {
          ownership.release();
          resolve(0);
          return;
        }
        announcePipe(boot.dataDir, boot.pipePath, log);
        log.info(`engine ${version} started, process ${process.pid}, data in ${boot.dataDir}`);
      },
      (error: unknown) => {
        process.stderr.write(`the pipe cannot be opened: ${logSafeText(error)}\n`);
        ownership.release();
        resolve(1);
      },
    );
  });
}
