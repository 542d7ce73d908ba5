import { existsSync } from "node:fs";
import { join } from "node:path";
import { runtimeIn } from "../../src/copilot/locateRuntime";

/** The runtime of Copilot's SDK, where scripts/testBrowser.mjs could install its package. */
export function copilotRuntime(): string | undefined {
  const folder = process.env.POSTERN_COPILOT_RUNTIME;
  if (folder === undefined) return undefined;
  const path = runtimeIn(
    join(folder, "node_modules", "@github", `copilot-sdk-${process.platform}-${process.arch}`),
  );
  return existsSync(path) ? path : undefined;
}
