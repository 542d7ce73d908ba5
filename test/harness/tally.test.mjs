import { expect, test } from "vitest";
import { closingLine, couldNotRun, fromResultLines, fromVitest, oneCheck } from "../../scripts/lib/tally.mjs";

const lines = (...entries) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");

test("adds up suites, checks and what could not run", () => {
  const results = [
    { suite: "a", passed: 3, failures: [{ name: "x", message: "y" }] },
    oneCheck("lint", undefined),
    oneCheck("build", "broken"),
    couldNotRun("browser", "no Chromium"),
  ];
  expect(closingLine(results)).toBe("4 passed, 3 failed");
});

test("counts a finished run", () => {
  const text = lines(
    { kind: "planned", count: 2 },
    { kind: "started", name: "a" },
    { kind: "ended", name: "a", ms: 1 },
    { kind: "started", name: "b" },
    { kind: "ended", name: "b", ms: 1, error: "no" },
    { kind: "done" },
  );
  expect(fromResultLines("s", text, undefined)).toEqual({
    suite: "s",
    passed: 1,
    failures: [{ name: "b", message: "no" }],
  });
});

test("a run that stops early fails every test that did not end", () => {
  const text = lines(
    { kind: "planned", count: 3 },
    { kind: "started", name: "a" },
    { kind: "ended", name: "a", ms: 1 },
    { kind: "started", name: "b" },
  );
  const { passed, failures } = fromResultLines("s", text, "VS Code exited");
  expect(passed).toBe(1);
  expect(failures).toHaveLength(2);
  expect(failures[0]?.message).toContain('during "b"');
});

test("a run that never began, or that holds no test, fails", () => {
  expect(fromResultLines("s", "", "VS Code exited").failures).toHaveLength(1);
  expect(
    fromResultLines("s", lines({ kind: "planned", count: 0 }, { kind: "done" }), undefined).failures,
  ).toHaveLength(1);
});

test("reads vitest's report: skipped tests and files that do not load are failures", () => {
  const report = {
    testResults: [
      { name: "a.ts", status: "passed", assertionResults: [{ fullName: "a", status: "passed" }] },
      { name: "b.ts", status: "passed", assertionResults: [{ fullName: "b", status: "skipped" }] },
      { name: "c.ts", status: "failed", message: "SyntaxError", assertionResults: [] },
    ],
  };
  const { passed, failures } = fromVitest("unit", report, 1);
  expect(passed).toBe(1);
  expect(failures.map(({ name }) => name)).toEqual(["b", "c.ts"]);
});

test("an error outside vitest's tests is a failure", () => {
  const report = {
    testResults: [
      { name: "a.ts", status: "passed", assertionResults: [{ fullName: "a", status: "passed" }] },
    ],
  };
  expect(fromVitest("unit", report, 1).failures).toHaveLength(1);
  expect(fromVitest("unit", { testResults: [] }, 0).failures).toHaveLength(1);
});
