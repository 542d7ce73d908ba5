// The suite inside VS Code's extension host, under code-server. Started by scripts/test.mjs.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleSuite } from "./lib/bundleSuite.mjs";
import { launchChromium } from "./lib/chromium.mjs";
import { temporaryFolder } from "./lib/cleanup.mjs";
import { startTestServer } from "./lib/codeServer.mjs";
import { followResults } from "./lib/followResults.mjs";
import { keepLogs } from "./lib/keepLogs.mjs";
import { endLeftovers } from "./lib/leftovers.mjs";
import { root } from "./lib/paths.mjs";
import { freePort } from "./lib/processes.mjs";

/**
 * Brings up VS Code with the extension loaded from this folder, and runs test/vscode in its extension host.
 *
 * @returns {Promise<import("./lib/tally.mjs").SuiteResult>}
 * @throws when VS Code or the browser cannot be had or does not come up
 */
export async function testVscode() {
  const testsPath = await bundleSuite("vscode");
  const runFolder = temporaryFolder();
  const folder = join(runFolder, "workspace");
  const resultFile = join(runFolder, "results.jsonl");
  mkdirSync(folder);
  writeFileSync(resultFile, "");
  const server = await startTestServer({
    port: await freePort(),
    runFolder,
    extensionPath: root,
    testsPath,
    folder,
    settings: { "postern.engine.lingerSeconds": 1 },
    env: { POSTERN_TEST_RESULTS: resultFile },
  });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(server.openUrl);
    return await followResults({
      suite: "extension host",
      file: resultFile,
      silenceMs: 180_000,
      ended: Promise.race([server.ended, new Promise((gone) => page.once("crash", gone))]),
    });
  } finally {
    await browser.close();
    await server.stop();
    await endLeftovers(runFolder);
    keepLogs("vscode", runFolder);
  }
}
