// What scripts/testBrowser.mjs runs, in its own process.
import { runTests } from "../../registry";
import { closeWindows, type Stage, screenshotAll, useStage } from "../workbench";

/**
 * Runs the tests that were bundled with this file.
 *
 * @param stage the browser and the way to VS Code
 * @param resultFile gets the result lines of test/registry.ts
 */
export async function run(stage: Stage, resultFile: string): Promise<void> {
  useStage(stage);
  await runTests(resultFile, (name) => screenshotAll(`failed-${name.replace(/[^a-zA-Z0-9]+/g, "-")}`));
  await closeWindows();
}
