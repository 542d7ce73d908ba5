// The suite in which real agents work through the built gateway. Started by scripts/test.mjs.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { atEnd, temporaryFolder } from "./lib/cleanup.mjs";
import { copilotRuntimeFolder, ensureCopilotRuntime } from "./lib/copilotRuntime.mjs";
import { endLeftovers } from "./lib/leftovers.mjs";
import { ensureNode24 } from "./lib/node24.mjs";
import { ensureInstalled } from "./lib/npmCache.mjs";
import { artefactsFolder, inRoot, root } from "./lib/paths.mjs";
import { runCollecting } from "./lib/run.mjs";
import { fromVitest } from "./lib/tally.mjs";

/** Under this name the tests of Copilot's agent find the SDK's own runtime. */
const COPILOT_RUNTIME = `@github/copilot-sdk-${process.platform}-${process.arch}`;

/** Pinned: what an agent sends changes with its version. */
const agents = [
  { name: "@anthropic-ai/claude-code", version: "2.1.328", megabytes: 360 },
  { name: "@openai/codex", version: "0.169.0", megabytes: 400 },
  { name: "@github/copilot", version: "1.0.102", megabytes: 190 },
  { name: "@modelcontextprotocol/inspector", version: "2.12.0", megabytes: 110 },
];

/**
 * Installs an agent into the cache, without its install scripts, which none of them needs: the program itself is an
 * optional dependency for each platform.
 *
 * @param {(typeof agents)[number]} agent
 * @returns {Promise<{ folder: string } | { problem: string }>}
 */
async function install({ name, version, megabytes }) {
  const wanted = `${name}@${version}`;
  try {
    const folder = await ensureInstalled({
      folder: `agents/${name.replace(/^.*\//, "")}-${version}`,
      label: `Fetching ${wanted} (about ${megabytes} MB unpacked) from npm (first run only)`,
      packages: [wanted],
    });
    return { folder };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      problem: `${wanted} could not be installed: "npm install ${wanted}" has to work on this machine, with its optional dependencies. Then "npm run test:agents" installs it.\n${why}`,
    };
  }
}

/**
 * Runs test/agents. The tests of an agent that cannot be installed fail with the reason.
 *
 * @returns {Promise<import("./lib/tally.mjs").SuiteResult>}
 */
export async function testAgents() {
  /** @type {Record<string, { folder: string } | { problem: string }>} */
  const installed = {};
  for (const agent of agents) installed[agent.name] = await install(agent);
  const missing = await ensureCopilotRuntime();
  installed[COPILOT_RUNTIME] =
    missing === undefined ? { folder: copilotRuntimeFolder } : { problem: missing };
  mkdirSync(artefactsFolder, { recursive: true });
  const reportFile = join(artefactsFolder, "agents.json");
  rmSync(reportFile, { force: true });
  const args = [
    inRoot("node_modules", "vitest", "vitest.mjs"),
    "run",
    "--config",
    inRoot("test", "agents", "vitest.config.mjs"),
    "--reporter=verbose",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
  ];
  // Every agent's home is in here, by which its processes are known, also after Ctrl-C.
  const runFolder = temporaryFolder();
  const forget = atEnd(() => endLeftovers(runFolder, 0));
  const temporary = { TMPDIR: runFolder, TMP: runFolder, TEMP: runFolder };
  const env = { ...process.env, ...temporary, POSTERN_AGENTS: JSON.stringify(installed) };
  const { code } = await runCollecting(await ensureNode24(), args, { cwd: root, env, show: true });
  const left = await endLeftovers(runFolder);
  forget();
  const result = fromVitest("agents", JSON.parse(readFileSync(reportFile, "utf8")), code);
  const message = `${left.length} processes had to be ended after the last test`;
  return left.length === 0
    ? result
    : { ...result, failures: [...result.failures, { name: "agents leave nothing running", message }] };
}
