import { afterEach, expect, it, vi } from "vitest";
import { loadSqlite } from "../../../src/engine/ledger/sqlite";

afterEach(() => vi.restoreAllMocks());

it("SQLite is loaded without a word of its being experimental, and every other warning is heard", () => {
  const heard = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
  vi.spyOn(process, "getBuiltinModule").mockImplementation(() => {
    process.emitWarning(
      "SQLite is an experimental feature and might change at any time",
      "ExperimentalWarning",
    );
    process.emitWarning("something else", "ExperimentalWarning");
    return undefined as never;
  });
  expect(loadSqlite()).toBeUndefined();
  process.emitWarning("SQLite is an experimental feature", "ExperimentalWarning");
  expect(heard.mock.calls).toEqual([
    ["something else", "ExperimentalWarning"],
    ["SQLite is an experimental feature", "ExperimentalWarning"],
  ]);
});

it("SQLite that cannot be loaded leaves the warnings as they were", () => {
  const before = process.emitWarning;
  vi.spyOn(process, "getBuiltinModule").mockImplementation(() => {
    throw new Error("no");
  });
  expect(() => loadSqlite()).toThrow("no");
  expect(process.emitWarning).toBe(before);
});
