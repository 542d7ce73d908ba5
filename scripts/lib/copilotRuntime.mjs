// The real Copilot runtime, for tests that run on a fake one as well. npm does not have it for every platform.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureInstalled } from "./npmCache.mjs";
import { cacheFolder } from "./paths.mjs";

const version = "1.0.14";

/** Where it is, once it is installed. */
export const copilotRuntimeFolder = join(cacheFolder, `copilot-sdk-${version}`);

/**
 * Installs the runtime's package into the cache, where the tests look for it.
 *
 * @returns {Promise<string | undefined>} why it is not there; undefined if it is
 */
export async function ensureCopilotRuntime() {
  const platform = `${process.platform}-${process.arch}`;
  const name = `@github/copilot-sdk-${platform}`;
  try {
    const folder = await ensureInstalled({
      folder: `copilot-sdk-${version}`,
      label: `Fetching the Copilot runtime ${version} from npm (first run only)`,
      packages: [`${name}@${version}`],
    });
    const found = existsSync(join(folder, "node_modules", ...name.split("/"), "prebuilds", platform));
    return found ? undefined : `npm installed nothing for ${platform}`;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "npm failed") : String(error);
  }
}
