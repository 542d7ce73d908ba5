import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureNode24 } from "./node24.mjs";
import { artefactsFolder, inRoot, root } from "./paths.mjs";
import { runCollecting } from "./run.mjs";
import { fromVitest } from "./tally.mjs";

/**
 * Runs test/wear: load, faults, kills, full disks. Build first.
 *
 * @param {"short" | "long"} form
 * @returns {Promise<import("./tally.mjs").SuiteResult>}
 */
export async function wearSuite(form) {
  mkdirSync(artefactsFolder, { recursive: true });
  const reportFile = join(artefactsFolder, "wear.json");
  rmSync(reportFile, { force: true });
  const args = [
    inRoot("node_modules", "vitest", "vitest.mjs"),
    "run",
    "--config",
    inRoot("test", "wear", "vitest.config.mjs"),
    "--reporter=verbose",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
  ];
  const env = { ...process.env, ...(form === "long" ? { POSTERN_SOAK: "1" } : {}) };
  const { code } = await runCollecting(await ensureNode24(), args, { cwd: root, env, show: true });
  return fromVitest("wear", JSON.parse(readFileSync(reportFile, "utf8")), code);
}
