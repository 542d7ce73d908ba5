import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { csvHeader, csvLine } from "../../../src/core/governance/audit/csv";
import { exportToFile } from "../../../src/engine/audit/exportAudit";
import { runCli, temporaryFolder } from "../../support/gateway";
import { caller, record } from "../../support/records";
import { AuditStage, chatBody } from "./stage";

let stage: AuditStage;
beforeEach(() => {
  stage = new AuditStage({ level: "full" });
});
afterEach(() => stage.close());

/** Reads CSV as a spreadsheet does. */
function cells(csv: string): string[][] {
  return csv
    .trimEnd()
    .split("\r\n")
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .slice(0, -1)
        .map(([, cell = ""]) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
    );
}

describe("an export", () => {
  const data = () => ["--data", stage.folder.path];

  it("has the requests of a time, a key, a provider or a workspace, as JSONL with content", async () => {
    const folder = { folder: "/w/a" };
    await stage.request({ caller: caller({ name: "one", workspace: folder }) }, { asked: chatBody("first") });
    const since = new Date(stage.now + 500).toISOString();
    await stage.request(
      { caller: caller({ name: "two" }), provider: "azure" },
      { asked: chatBody("second") },
    );
    const ids = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli(["audit", "export", ...data(), ...args]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return stdout.trim() === ""
        ? []
        : stdout
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line));
    };
    const [all, mine] = [await ids("--content"), await ids("--key", "one")];
    expect(all.map(({ record }) => record.caller.name)).toEqual(["one", "two"]);
    expect(all[0].content.request.text).toBe(chatBody("first"));
    expect(mine).toEqual([expect.not.objectContaining({ content: expect.anything() })]);
    const names = async (...args: string[]) => (await ids(...args)).map(({ record }) => record.caller.name);
    expect(await names("--provider", "azure")).toEqual(["two"]);
    expect(await names("--workspace", "/w/a")).toEqual(["one"]);
    expect(await names("--from", since)).toEqual(["two"]);
    expect(await names("--until", since)).toEqual(["one"]);
    expect(await names("--key", "nobody")).toEqual([]);
  });

  it("to a file that cannot be written says which, without a stack", async () => {
    const file = join(stage.folder.path, "nowhere", "audit.jsonl");
    expect(await runCli(["audit", "export", ...data(), "--out", file])).toEqual({
      code: 2,
      stdout: "",
      stderr: `the file ${file} cannot be written (ENOENT)\n`,
    });
  });

  it("has only the requests of an outcome, as the Activity view shows them", async () => {
    await stage.request({ modelAsked: "good" });
    await stage.request({ modelAsked: "bad", outcome: "failed", status: 502 });
    const filter = { outcome: "failed" } as const;
    const found = [...stage.audit.exported(filter, false)].map(({ record }) => record.modelAsked);
    expect(found).toEqual(["bad"]);
    expect([...stage.audit.exported({ ...filter, provider: "nobody" }, false)]).toEqual([]);
  });

  it("in CSV cannot become a formula, and keeps commas, quotes and lines in their cells", async () => {
    const hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", 'a,"b"\nc', "plain"];
    for (const modelAsked of hostile) await stage.request({ modelAsked });
    const file = join(stage.folder.path, "out.csv");
    const { code } = await runCli(["audit", "export", ...data(), "--format", "csv", "--out", file]);
    expect(code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [header = [], ...lines] = cells(readFileSync(file, "utf8"));
    const column = header.indexOf("modelAsked");
    expect(lines.map((line) => line[column])).toEqual([
      "'=1+1",
      "'+1",
      "'-1",
      "'@SUM(A1)",
      "'\t=1",
      "' =1",
      'a,"b"\nc',
      "plain",
    ]);
  });

  it("of more rows than a page has each once, whatever time they have in common", async () => {
    stage.audit.configure({ level: "metadata", retentionDays: 30, maxMb: 10, keys: {}, workspaces: {} });
    const startedAt = stage.now;
    for (let i = 0; i < 450; i++) stage.ledger.append(record({ startedAt: startedAt + Math.floor(i / 100) }));
    stage.ledger.flush();
    const out = temporaryFolder();
    const count = await exportToFile(
      stage.audit,
      { format: "jsonl", filter: {}, content: false },
      join(out.path, "x"),
    );
    expect(count).toBe(450);
    const ids = readFileSync(join(out.path, "x"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).record.id);
    expect(new Set(ids).size).toBe(450);
    out.remove();
  });

  it("has a header for each cell", () => {
    const line = csvLine({ seq: 1, hash: "00", record: record() });
    expect(line.split(",")).toHaveLength(csvHeader().split(",").length);
  });
});

describe("postern audit verify", () => {
  const verify = (...args: string[]) => runCli(["audit", "verify", "--data", stage.folder.path, ...args]);

  it("says ok and where the chain ends, also while an engine runs on it", async () => {
    await stage.request();
    const { code, stdout } = await verify();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ok {3}1 rows are as they were written\.\nThe chain ends at row 1 with [0-9a-f]{64}\n$/,
    );
    const head = stdout.trim().split(" ").at(-1) ?? "";
    await stage.request();
    expect((await verify("--head", head)).code).toBe(0);
    expect((await verify("--head", "0".repeat(63).concat("1"))).code).toBe(1);
  });

  it("exits 1 on a tampered row and says which", async () => {
    await stage.request();
    const { id } = await stage.request({ modelAsked: "before" });
    stage.tamper("UPDATE audit SET entry = replace(entry, 'before', 'after') WHERE seq = 2");
    const { code, stdout } = await verify();
    expect(code).toBe(1);
    expect(stdout).toContain(`FAIL row 2 (request ${id}) was changed`);
  });

  it.each([
    [["audit", "verify"], 2, "--data DIR is missing"],
    [["audit"], 2, "unknown command"],
    [["audit", "verify", "--data", "/nowhere/at/all"], 1, "There is no ledger.sqlite"],
    [["audit", "export", "--data", "x", "--format", "xml"], 2, "must be jsonl or csv"],
    [["audit", "export", "--data", "x", "--from", "soon"], 2, "must be a date"],
  ])("tells wrong use: %j", async (args, exitCode, text) => {
    const { code, stderr } = await runCli(args);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(text);
  });
});
