// The suite that uses VS Code as a person does, in a browser. Started by scripts/test.mjs.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundleSuite } from "./lib/bundleSuite.mjs";
import { calmSettings } from "./lib/calmSettings.mjs";
import { launchChromium } from "./lib/chromium.mjs";
import { temporaryFolder } from "./lib/cleanup.mjs";
import { startCodeServerAsUser } from "./lib/codeServer.mjs";
import { copilotRuntimeFolder, ensureCopilotRuntime } from "./lib/copilotRuntime.mjs";
import { followResults } from "./lib/followResults.mjs";
import { keepLogs } from "./lib/keepLogs.mjs";
import { endLeftovers } from "./lib/leftovers.mjs";
import { artefactsFolder, inRoot } from "./lib/paths.mjs";
import { freePort } from "./lib/processes.mjs";

const require = createRequire(import.meta.url);

/**
 * A VS Code with fresh folders and the extension installed from the .vsix.
 *
 * @param {string} name of its logs
 * @param {Record<string, unknown>} settings
 * @param {Record<string, string>} [env] added to its environment
 */
async function startVscode(name, settings, env = {}) {
  const runFolder = temporaryFolder();
  const folder = join(runFolder, "workspace");
  mkdirSync(folder);
  const { version } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  const server = await startCodeServerAsUser({
    port: await freePort(),
    runFolder,
    vsix: inRoot(`postern-${version}.vsix`),
    settings: { ...calmSettings, "postern.engine.lingerSeconds": 1, ...settings },
    folder,
    env,
  });
  const stop = async () => {
    await server.stop();
    await endLeftovers(runFolder);
    keepLogs(name, runFolder);
  };
  return { ...server, stop };
}

/**
 * Runs test/browser.
 *
 * @returns {Promise<import("./lib/tally.mjs").SuiteResult>}
 * @throws when VS Code or the browser cannot be had or does not come up
 */
export async function testBrowser() {
  const missing = await ensureCopilotRuntime();
  if (missing === undefined) process.env.POSTERN_COPILOT_RUNTIME = copilotRuntimeFolder;
  else console.log(`  NOT RUN and not counted: the tests of Copilot's agent (${missing})`);
  const bundle = await bundleSuite("browser");
  const screenshotFolder = join(artefactsFolder, "screenshots");
  rmSync(screenshotFolder, { recursive: true, force: true });
  mkdirSync(screenshotFolder, { recursive: true });
  const resultFile = join(artefactsFolder, "browser.jsonl");
  writeFileSync(resultFile, "");
  const browser = await launchChromium();
  const vscode = await startVscode("browser", {});
  let further = 0;
  /** @type {Array<() => Promise<void>>} */
  const stops = [vscode.stop];
  const stage = {
    browser,
    screenshotFolder,
    vscode,
    /** @type {import("../test/browser/workbench").Stage["startVscode"]} */
    startVscode: async (settings, env) => {
      const another = await startVscode(`browser-${++further}`, settings, env);
      stops.push(another.stop);
      return another;
    },
  };
  try {
    const ended = require(bundle).run(stage, resultFile);
    const result = await followResults({ suite: "browser", file: resultFile, silenceMs: 300_000, ended });
    // Windows that a test left open are still being closed.
    await ended;
    return result;
  } finally {
    await browser.close();
    for (const stop of stops) await stop();
  }
}
