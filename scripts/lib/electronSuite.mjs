// The extension-host suite in a desktop VS Code that @vscode/test-electron downloads; for machines that reach
// VS Code's download hosts, and for Windows, where code-server does not run.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTests } from "@vscode/test-electron";
import { bundleSuite } from "./bundleSuite.mjs";
import { calmSettings } from "./calmSettings.mjs";
import { temporaryFolder } from "./cleanup.mjs";
import { writeUserSettings } from "./codeServer.mjs";
import { followResults } from "./followResults.mjs";
import { endLeftovers } from "./leftovers.mjs";
import { inRoot, root } from "./paths.mjs";
import { runOrThrow } from "./run.mjs";
import { couldNotRun } from "./tally.mjs";

/**
 * Downloads a desktop VS Code, if it is not there yet, and runs test/vscode in its extension host.
 *
 * @returns {Promise<import("./tally.mjs").SuiteResult>}
 */
export async function testElectron() {
  const runFolder = temporaryFolder();
  const folder = join(runFolder, "workspace");
  const userDataDir = join(runFolder, "user-data");
  const resultFile = join(runFolder, "results.jsonl");
  mkdirSync(folder);
  writeFileSync(resultFile, "");
  writeUserSettings(userDataDir, { ...calmSettings, "postern.engine.lingerSeconds": 1 });
  await runOrThrow(process.execPath, [inRoot("esbuild.mjs")], { cwd: root });
  let problem = "VS Code ended";
  const ended = runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath: await bundleSuite("vscode"),
    extensionTestsEnv: { POSTERN_TEST_RESULTS: resultFile, POSTERN_RUN_FOLDER: runFolder },
    launchArgs: [
      folder,
      ...["--user-data-dir", userDataDir, "--extensions-dir", join(runFolder, "extensions")],
      ...["--disable-workspace-trust", "--skip-welcome", "--password-store=basic"],
    ],
  }).catch((error) => {
    problem = error instanceof Error ? error.message : String(error);
  });
  const result = await followResults({ suite: "electron", file: resultFile, silenceMs: 600_000, ended });
  await ended;
  await endLeftovers(runFolder);
  if (readFileSync(resultFile, "utf8") !== "") return result;
  const hint = "It needs VS Code's download hosts; npm run test:vscode runs the same suite without them.";
  return couldNotRun("electron", `${problem}. ${hint}`);
}
