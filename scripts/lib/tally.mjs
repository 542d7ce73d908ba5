// Counts what every suite found, and the one line that closes a run.

/**
 * @typedef {{ name: string, message: string }} Failure
 * @typedef {{ suite: string, passed: number, failures: Failure[] }} SuiteResult
 */

/**
 * @param {string} suite
 * @param {string} message why it could not run
 * @returns {SuiteResult} a suite that did not run, which is a failure
 */
export const couldNotRun = (suite, message) => ({
  suite,
  passed: 0,
  failures: [{ name: `${suite} could not run`, message }],
});

/**
 * A step that is one check: the build, the linter and the like.
 *
 * @param {string} suite
 * @param {string | undefined} problem what is wrong; undefined when nothing is
 * @returns {SuiteResult}
 */
export const oneCheck = (suite, problem) =>
  problem === undefined
    ? { suite, passed: 1, failures: [] }
    : { suite, passed: 0, failures: [{ name: suite, message: problem }] };

/**
 * @param {SuiteResult[]} results
 * @returns {{ passed: number, failed: number }}
 */
export function total(results) {
  return {
    passed: results.reduce((sum, result) => sum + result.passed, 0),
    failed: results.reduce((sum, result) => sum + result.failures.length, 0),
  };
}

/**
 * @param {SuiteResult[]} results
 * @returns {string} `N passed, N failed`
 */
export function closingLine(results) {
  const { passed, failed } = total(results);
  return `${passed} passed, ${failed} failed`;
}

/**
 * Reads the result lines of `test/registry.ts`.
 *
 * @param {string} suite
 * @param {string} text the result file
 * @param {string | undefined} ending why the run ended before `done`, when the caller knows
 * @returns {SuiteResult} a test that had started and not ended, and a run without its last line, are failures
 */
export function fromResultLines(suite, text, ending) {
  const lines = text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const ended = lines.filter(({ kind }) => kind === "ended");
  /** @type {Failure[]} */
  const failures = ended.filter(({ error }) => error).map(({ name, error }) => ({ name, message: error }));
  const passed = ended.length - failures.length;
  const planned = lines.find(({ kind }) => kind === "planned")?.count ?? 0;
  if (!lines.some(({ kind }) => kind === "done")) {
    const running = lines.filter(({ kind }) => kind === "started")[ended.length]?.name;
    const missing = planned - ended.length;
    const which = running ? `during "${running}"` : "between tests";
    const message = `${ending ?? "the run ended early"}${lines.length ? `, ${which}` : ", before the first test"}`;
    const rest = Math.max(1, missing);
    for (let index = 0; index < rest; index++)
      failures.push({ name: `${suite}: test ${ended.length + index + 1} did not run to its end`, message });
  } else if (planned === 0) {
    failures.push({ name: `${suite} has no tests`, message: "none was registered" });
  }
  return { suite, passed, failures };
}

/**
 * Reads vitest's JSON report.
 *
 * @param {string} suite
 * @param {{ testResults: Array<{ name: string, status: string, message?: string,
 *   assertionResults: Array<{ fullName: string, status: string, failureMessages?: string[] | null }> }> }} report
 * @param {number} exitCode vitest's own
 * @returns {SuiteResult} a skipped test counts as failed: nothing that did not run counts as passed
 */
export function fromVitest(suite, report, exitCode) {
  /** @type {Failure[]} */
  const failures = [];
  let passed = 0;
  for (const file of report.testResults) {
    for (const { fullName, status, failureMessages } of file.assertionResults) {
      if (status === "passed") passed++;
      else
        failures.push({ name: fullName, message: failureMessages?.join("\n") || `did not run (${status})` });
    }
    const own = file.assertionResults.some(({ status }) => status !== "passed");
    if (file.status !== "passed" && !own)
      failures.push({ name: file.name, message: file.message ?? file.status });
    else if (file.assertionResults.length === 0) failures.push({ name: file.name, message: "holds no test" });
  }
  if (report.testResults.length === 0)
    failures.push({ name: `${suite} has no tests`, message: "no file was found" });
  if (exitCode !== 0 && failures.length === 0) {
    failures.push({
      name: `${suite}: an error outside the tests`,
      message: `vitest exited with ${exitCode}`,
    });
  }
  return { suite, passed, failures };
}
