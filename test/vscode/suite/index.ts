// What VS Code's extension host runs: the same contract under code-server and under @vscode/test-electron.
import { runTests } from "../../registry";

/**
 * Runs the tests that were bundled with this file.
 *
 * @throws when a test failed, which makes the host exit with an error
 */
export async function run(): Promise<void> {
  const resultFile = process.env.POSTERN_TEST_RESULTS;
  if (!resultFile) throw new Error("POSTERN_TEST_RESULTS names no file: start this through scripts/test.mjs");
  const failed = await runTests(resultFile);
  if (failed > 0) throw new Error(`${failed} failed`);
}
