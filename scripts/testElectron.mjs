// The extension-host suite in a desktop VS Code that @vscode/test-electron downloads; for machines that reach
// VS Code's download hosts. Under code-server the same suite runs with scripts/test.mjs vscode.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTests } from "@vscode/test-electron";
import { bundleSuite } from "./lib/bundleSuite.mjs";
import { calmSettings } from "./lib/calmSettings.mjs";
import { cleanUp, temporaryFolder } from "./lib/cleanup.mjs";
import { writeUserSettings } from "./lib/codeServer.mjs";
import { followResults } from "./lib/followResults.mjs";
import { endLeftovers } from "./lib/leftovers.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { runOrThrow } from "./lib/run.mjs";
import { closingLine, couldNotRun, total } from "./lib/tally.mjs";

const runFolder = temporaryFolder();
const folder = join(runFolder, "workspace");
const userDataDir = join(runFolder, "user-data");
const resultFile = join(runFolder, "results.jsonl");
mkdirSync(folder);
writeFileSync(resultFile, "");
writeUserSettings(userDataDir, { ...calmSettings, "postern.engine.lingerSeconds": 1 });

/** @returns {Promise<import("./lib/tally.mjs").SuiteResult>} */
async function run() {
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
  return readFileSync(resultFile, "utf8") === "" ? couldNotRun("electron", problem) : result;
}

const result = await run().catch((error) => couldNotRun("electron", String(error)));
await endLeftovers(runFolder);
await cleanUp();
for (const { name, message } of result.failures) console.log(`✗ ${name}\n${message.replace(/^/gm, "    ")}`);
console.log(`\n${closingLine([result])}`);
process.exit(total([result]).failed === 0 ? 0 : 1);
