import { isCopilotFault, type LoadCopilot } from "../../core/copilot/contract";
import { PosternError } from "../../core/errors";
import type { LoadedConfig } from "../headless";
import { untilSignal } from "../lifecycle/untilSignal";

/** At most so many lines of progress. */
const STEPS = 10;

/**
 * Fetches the Copilot runtime on the command line.
 * @returns where it is
 * @throws PosternError
 */
export async function downloadCopilot(
  { dataDir }: Pick<LoadedConfig, "dataDir">,
  load: LoadCopilot,
  registry: string | undefined,
  write: (line: string) => void,
): Promise<string> {
  const log = { info: write, warn: write };
  const upstream = (await load()).createCopilotUpstream({ dataDir, log });
  let told = 0;
  try {
    return await upstream.download(
      registry,
      (received, total) => {
        const step = total === undefined ? 0 : Math.floor((received / total) * STEPS);
        if (step <= told) return;
        told = step;
        write(`downloaded ${Math.round((received / (total ?? received)) * 100)} %`);
      },
      untilSignal(),
    );
  } catch (thrown) {
    if (isCopilotFault(thrown)) throw new PosternError("provider_unreachable", thrown.message);
    throw thrown;
  } finally {
    await upstream.close();
  }
}
