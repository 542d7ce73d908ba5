import { join } from "node:path";
import { runtimeIn } from "../../src/copilot/locateRuntime";

const installed: Readonly<Record<string, { readonly folder?: string; readonly problem?: string }>> =
  JSON.parse(process.env.POSTERN_AGENTS ?? "{}");

/** The Copilot SDK's own runtime for this platform. @throws when it is not installed */
export function runtimePath(): string {
  const [name, { folder, problem } = {}] =
    Object.entries(installed).find(([one]) => one.startsWith("@github/copilot-sdk-")) ?? [];
  if (name === undefined || folder === undefined)
    throw new Error(problem ?? 'The SDK\'s runtime is not installed: "npm run test:agents" does it.');
  return runtimeIn(join(folder, "node_modules", name));
}
