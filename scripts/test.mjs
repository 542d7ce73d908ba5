// The one test command. Runs every suite, or the named one (unit, wear, vscode, browser, agents), and closes with one line.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cleanUp } from "./lib/cleanup.mjs";
import { ensureCopilotRuntime } from "./lib/copilotRuntime.mjs";
import { testElectron } from "./lib/electronSuite.mjs";
import { ensureNode24 } from "./lib/node24.mjs";
import { packageVsix } from "./lib/packageVsix.mjs";
import { artefactsFolder, inRoot, root } from "./lib/paths.mjs";
import { runCollecting } from "./lib/run.mjs";
import { closingLine, couldNotRun, fromVitest, oneCheck, total } from "./lib/tally.mjs";
import { endWithNpm } from "./lib/watchNpm.mjs";
import { wearSuite } from "./lib/wearSuite.mjs";
import { testAgents } from "./testAgents.mjs";
import { testBrowser } from "./testBrowser.mjs";
import { testVscode } from "./testVscode.mjs";

const maxVsixBytes = 1_000_000;

/** @typedef {import("./lib/tally.mjs").SuiteResult} SuiteResult */

/**
 * Runs a tool of node_modules as one check.
 *
 * @param {string} name
 * @param {string[]} args the script and its arguments
 * @returns {Promise<SuiteResult>}
 */
async function toolCheck(name, args) {
  const { code, output } = await runCollecting(await ensureNode24(), args, { cwd: root });
  return oneCheck(name, code === 0 ? undefined : output.trim());
}

/** @returns {Promise<SuiteResult>} */
async function unit() {
  mkdirSync(artefactsFolder, { recursive: true });
  const reportFile = join(artefactsFolder, "vitest.json");
  const missing = await ensureCopilotRuntime();
  if (missing !== undefined)
    console.log(`  NOT RUN and not counted: the tests on the real Copilot runtime (${missing})`);
  rmSync(reportFile, { force: true });
  const vitest = inRoot("node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const { code } = await runCollecting(await ensureNode24(), args, { cwd: root, show: true });
  return fromVitest("unit", JSON.parse(readFileSync(reportFile, "utf8")), code);
}

/** @returns {Promise<SuiteResult>} */
async function packaging() {
  const { path, warnings, bytes } = await packageVsix();
  console.log(`  ${path}: ${(bytes / 1024).toFixed(0)} KB`);
  const problems = [
    ...warnings,
    ...(bytes > maxVsixBytes ? [`${bytes} bytes, more than ${maxVsixBytes}`] : []),
  ];
  return oneCheck("package", problems.length ? problems.join("\n") : undefined);
}

const bin = (/** @type {string[]} */ ...parts) => inRoot("node_modules", ...parts);

const onWindows = process.platform === "win32";

/** In this order; `needs` names steps without which this one has nothing to test. */
const steps = [
  {
    name: "build",
    for: ["unit", "wear", "vscode", "browser", "agents"],
    run: () => toolCheck("build", ["esbuild.mjs"]),
  },
  {
    name: "typecheck",
    for: [],
    run: () => toolCheck("typecheck", [bin("typescript", "bin", "tsc"), "--noEmit", "-p", "."]),
  },
  {
    name: "lint",
    for: [],
    run: () => toolCheck("lint", [bin("@biomejs", "biome", "bin", "biome"), "check", "."]),
  },
  { name: "unit", for: ["unit"], run: unit },
  // By itself: it measures what a gateway holds, and loads the machine.
  { name: "wear", for: ["wear"], needs: ["build"], run: () => wearSuite("short") },
  { name: "package", for: ["browser"], needs: ["build"], run: packaging },
  { name: "vscode", for: ["vscode"], needs: ["build"], run: onWindows ? testElectron : testVscode },
  // code-server, which brings the VS Code that runs in a browser, does not run on Windows.
  ...(onWindows
    ? []
    : [{ name: "browser", for: ["browser"], needs: ["build", "package"], run: testBrowser }]),
  { name: "agents", for: ["agents"], needs: ["build"], run: testAgents },
];

const wanted = process.argv[2];
if (wanted && !["unit", "wear", "vscode", "browser", "agents"].includes(wanted)) {
  console.error(
    `There is no suite "${wanted}". The suites are unit, wear, vscode, browser and agents; without a name all run.`,
  );
  process.exit(2);
}

endWithNpm();
/** @type {SuiteResult[]} */
const results = [];
/** @type {Set<string>} */
const broken = new Set();
for (const step of steps.filter((step) => !wanted || step.for.includes(wanted))) {
  console.log(`\n── ${step.name}`);
  const missing = step.needs?.find((need) => broken.has(need));
  /** @type {SuiteResult} */
  let result;
  try {
    result = missing ? couldNotRun(step.name, `it needs ${missing}, which failed`) : await step.run();
  } catch (error) {
    result = couldNotRun(step.name, error instanceof Error ? error.message : String(error));
    broken.add(step.name);
  }
  if (step.name === "build" && result.failures.length) broken.add("build");
  console.log(`   ${step.name}: ${closingLine([result])}`);
  results.push(result);
}
await cleanUp();

const failures = results.flatMap((result) => result.failures);
if (failures.length > 0) console.log("\nFailed:");
for (const { name, message } of failures) console.log(`✗ ${name}\n${message.replace(/^/gm, "    ")}`);
console.log(`\n${closingLine(results)}`);
process.exit(total(results).failed === 0 ? 0 : 1);
