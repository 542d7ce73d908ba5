// `npm start`: a real VS Code with the extension, a sample provider configured and the gateway running.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { calmSettings } from "./lib/calmSettings.mjs";
import { launchChromium } from "./lib/chromium.mjs";
import { atEnd, cleanUp, temporaryFolder } from "./lib/cleanup.mjs";
import { ensureCodeServer, startCodeServerAsUser } from "./lib/codeServer.mjs";
import { hasDesktopCode, startDesktopCode } from "./lib/desktopCode.mjs";
import { endLeftovers } from "./lib/leftovers.mjs";
import { ensureNode24 } from "./lib/node24.mjs";
import { packageVsix } from "./lib/packageVsix.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { freePort } from "./lib/processes.mjs";
import { withProgress } from "./lib/progress.mjs";
import { runOrThrow } from "./lib/run.mjs";
import { endWithNpm } from "./lib/watchNpm.mjs";
import { startSampleProvider } from "./sampleProvider.mjs";

const gatewayPatienceMs = 90_000;

/**
 * @typedef {{ url: string, enginePid: number }} Gateway
 *   What the extension writes for this script once its gateway runs.
 */

/** @returns {Promise<string>} path of the .vsix */
async function buildAndPackage() {
  await withProgress("Building", () => runOrThrow(process.execPath, [inRoot("esbuild.mjs")], { cwd: root }));
  const { path } = await withProgress("Packaging", packageVsix);
  return path;
}

/**
 * Waits for the file that the extension writes, reads it and removes it.
 *
 * @param {string} file
 * @param {Promise<unknown>} ended resolves when VS Code is gone
 * @returns {Promise<Gateway>}
 * @throws when it does not come in time
 */
async function untilGateway(file, ended) {
  let gone = false;
  void ended.then(() => {
    gone = true;
  });
  for (const deadline = Date.now() + gatewayPatienceMs; Date.now() < deadline && !gone; await sleep(200)) {
    if (!existsSync(file)) continue;
    try {
      const gateway = JSON.parse(readFileSync(file, "utf8"));
      rmSync(file);
      return gateway;
    } catch {
      // Half written.
    }
  }
  throw new Error(
    gone
      ? "VS Code ended before the gateway was up."
      : `The gateway did not come up within ${gatewayPatienceMs / 1000} s. Look at the log with "Postern: Show Log" in VS Code.`,
  );
}

/**
 * @param {string} url
 * @param {string} key
 */
function curlLine(url, key) {
  const body = { model: "sample/sample-model", stream: true, messages: [{ role: "user", content: "Hello" }] };
  const data = JSON.stringify(body);
  const target = `${url.replace(/\/$/, "")}/v1/chat/completions`;
  // cmd.exe knows no single quotes.
  const quoted = process.platform === "win32" ? `"${data.replaceAll('"', '\\"')}"` : `'${data}'`;
  return `curl -N ${target} -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d ${quoted}`;
}

async function main() {
  const runFolder = temporaryFolder();
  // Registered first, so it runs last but for the folder: the engine leaves VS Code's process group on purpose.
  atEnd(() => endLeftovers(runFolder, 0));
  const desktop = await hasDesktopCode();
  await ensureNode24();
  if (!desktop) await ensureCodeServer();
  const vsix = await buildAndPackage();
  const baseUrl = await startSampleProvider();

  const folder = join(runFolder, "workspace");
  const startFile = join(runFolder, "gateway.json");
  mkdirSync(folder);
  writeFileSync(join(folder, "README.md"), "# Try Postern\n\nOpen the Postern view in the activity bar.\n");
  // By the environment, so that it is good in every browser: one that is made in VS Code is in that browser only.
  const key = `pst_${randomBytes(32).toString("base64url")}`;
  const settings = {
    ...calmSettings,
    "postern.providers": [
      { id: "sample", type: "openai", name: "Sample provider", baseUrl, models: [{ id: "sample-model" }] },
    ],
    "postern.gateway.autoStart": true,
    "postern.gateway.keys": [{ name: "npm start", key: "${env:POSTERN_SAMPLE_KEY}" }],
    "postern.gateway.port": await freePort(4141),
    // So that the gateway goes on when the window is closed or reloaded; it ends with this script.
    "postern.engine.keepRunning": true,
  };
  const common = {
    runFolder,
    vsix,
    settings,
    folder,
    env: { POSTERN_START_FILE: startFile, POSTERN_SAMPLE_KEY: key },
  };

  /** @type {Promise<unknown>} */
  let ended;
  /** @type {import("playwright-core").Page | undefined} */
  let page;
  if (desktop) {
    ({ ended } = await withProgress("Opening VS Code", () => startDesktopCode(common)));
    console.log("\nVS Code:      the window that just opened, with a profile of its own");
  } else {
    const server = await withProgress("Starting VS Code", async () =>
      startCodeServerAsUser({ ...common, port: await freePort() }),
    );
    ended = server.ended;
    console.log(`\nVS Code:      ${server.openUrl}`);
    // Extensions run once a window is open. The person may not have opened theirs yet, so one is opened
    // unseen until the gateway is up.
    try {
      page = await (await launchChromium()).newPage();
      await page.goto(server.openUrl);
    } catch (error) {
      console.error(
        `${error instanceof Error ? error.message : error}\nOpen the address above to start the gateway.`,
      );
    }
  }

  const gateway = await untilGateway(startFile, ended);
  // Left first, or VS Code would keep the window's extension host for hours in case it comes back.
  await page?.goto("about:blank");
  await page?.context().browser()?.close();
  atEnd(() => endProcess(gateway.enginePid));
  console.log(`Gateway:      ${gateway.url}`);
  console.log(`Gateway key:  ${key}`);
  console.log(`\nAsk the sample provider:\n\n${curlLine(gateway.url, key)}\n`);
  console.log("Ctrl-C ends all of it.");
  await ended;
}

/** @param {number} pid */
async function endProcess(pid) {
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGKILL"])) {
    for (let waited = 0; waited < 3000; waited += 100) {
      try {
        process.kill(pid, waited === 0 ? signal : 0);
      } catch {
        return;
      }
      await sleep(100);
    }
  }
}

endWithNpm();
try {
  await main();
  await cleanUp();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  await cleanUp();
  process.exitCode = 1;
}
