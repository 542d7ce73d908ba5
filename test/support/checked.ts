import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli, temporaryFolder } from "./gateway";

/** What `postern check --json` says of one provider. */
export interface CheckedProvider {
  readonly id: string;
  readonly ok: boolean;
  readonly verdict?: string;
  readonly code?: string;
  readonly model?: string;
  readonly models?: readonly string[];
  readonly probes?: readonly {
    readonly probe: string;
    readonly outcome: string;
    readonly sentence: string;
    readonly code?: string;
  }[];
}

/** Runs the built program's `check` over providers, in a process of its own. */
export async function checkProviders(
  providers: readonly Record<string, unknown>[],
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
): Promise<{
  readonly code: number | null;
  readonly providers: readonly CheckedProvider[];
  readonly output: string;
}> {
  const folder = temporaryFolder();
  try {
    const file = join(folder.path, "postern.json");
    writeFileSync(file, JSON.stringify({ providers }));
    const { code, stdout, stderr } = await runCli(["check", "--config", file, "--json", ...args], env);
    const output = stdout + stderr;
    const parsed = stdout.startsWith("{")
      ? (JSON.parse(stdout) as { providers: CheckedProvider[] })
      : undefined;
    return { code, providers: parsed?.providers ?? [], output };
  } finally {
    folder.remove();
  }
}
