import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { verdictLines } from "../../../src/core/governance/audit/auditVerdict";
import { linkHash } from "../../../src/engine/audit/chain";
import { caller, record } from "../../support/records";
import { AuditStage, chatBody } from "./stage";

let stage: AuditStage;
afterEach(() => stage.close());

async function five(): Promise<void> {
  stage = new AuditStage();
  for (let i = 0; i < 5; i++) await stage.request({ modelAsked: `m${i}` });
}

describe("the chain", () => {
  it("of untouched rows is good, and so it stays when more are added", async () => {
    await five();
    const first = stage.verify();
    expect(first).toMatchObject({ faults: [], rows: 5, removed: 0, head: { seq: 5 } });
    await stage.request();
    expect(stage.verify(first.head.hash)).toMatchObject({ faults: [], rows: 6 });
  });

  it.each([
    [
      "a changed row",
      ["UPDATE audit SET entry = replace(entry, '\"m2\"', '\"mX\"') WHERE seq = 3"],
      /^row 3 \(request req_.*was changed/,
    ],
    [
      "a changed time",
      ["UPDATE audit SET written_at = written_at + 1 WHERE seq = 2"],
      /^row 2 .*was changed/,
    ],
    ["a changed hash", ["UPDATE audit SET hash = zeroblob(32) WHERE seq = 2"], /^row 2 .*was changed/],
    [
      "a changed column",
      ["UPDATE audit SET gateway_key = 'somebody else' WHERE seq = 4"],
      /^row 4 .*columns that differ/,
    ],
    ["a row taken out", ["DELETE FROM audit WHERE seq = 3"], /^row 3 is missing$/],
    ["the first row taken out", ["DELETE FROM audit WHERE seq = 1"], /^row 1 is missing$/],
    [
      "rows in another order",
      [
        "UPDATE audit SET seq = 99 WHERE seq = 2",
        "UPDATE audit SET seq = 2 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 99",
      ],
      /^row 2 .*was changed, or moved here/,
    ],
    ["a cut end", ["DELETE FROM audit WHERE seq > 3"], /^the end is cut off: rows 4 to 5 are missing$/],
    ["everything gone", ["DELETE FROM audit"], /^the end is cut off: rows 1 to 5 are missing$/],
    [
      "a row put in",
      [
        "INSERT INTO audit SELECT 6, written_at, kind, request, started_at, gateway_key, workspace, provider, entry, hash FROM audit WHERE seq = 5",
      ],
      /^row 6 .*was changed, or moved here/,
    ],
    [
      "an emptied row",
      ["UPDATE audit SET entry = NULL, kind = 'removed', request = NULL WHERE seq = 2"],
      /^row 2 was emptied by somebody else$/,
    ],
    [
      "a price changed in the ledger",
      ["UPDATE requests SET micro_usd = 1 WHERE seq = 3"],
      /^request req_.* \(row 3\) differs in the ledger: cost$/,
    ],
    [
      "a price taken out of the ledger",
      ["UPDATE requests SET micro_usd = NULL WHERE seq = 3"],
      /^request req_.* \(row 3\) differs in the ledger: cost$/,
    ],
    [
      "tokens taken out of the ledger",
      ["UPDATE requests SET input_tokens = NULL, output_tokens = NULL WHERE seq = 3"],
      /^request req_.* \(row 3\) differs in the ledger: usage$/,
    ],
    [
      "a row taken out of the ledger",
      ["DELETE FROM requests WHERE seq = 3"],
      /^request req_.* \(row 3\) is gone from the ledger$/,
    ],
  ])("tells %s", async (_, statements, fault) => {
    await five();
    stage.tamper(...statements);
    const { faults } = stage.verify();
    expect(faults[0]).toMatch(fault);
  });

  it.each([
    ["its oldest rows", "DELETE FROM requests WHERE seq <= 2", 2, "2026-07-01T12:00:02.000Z"],
    ["all of its rows", "DELETE FROM requests", 5, "2026-07-01T12:00:05.000Z"],
  ])(
    "says what the ledger lacks where it lacks %s, which may be its retention",
    async (_, sql, rows, latest) => {
      await five();
      expect(stage.verify().goneFromLedger).toBeUndefined();
      stage.tamper(sql);
      const verdict = stage.verify();
      expect(verdict).toMatchObject({ faults: [], goneFromLedger: { rows, latest: Date.parse(latest) } });
      const told = `note the requests of ${rows} rows are not in the ledger any more, the latest from ${latest}.`;
      expect(verdictLines(verdict).join("\n")).toContain(told);
    },
  );

  it("tells premium requests that were taken out of the ledger", async () => {
    stage = new AuditStage();
    await stage.request({ premiumRequests: 1.5 });
    stage.tamper("UPDATE requests SET premium_milli = NULL");
    expect(stage.verify().faults).toEqual([
      expect.stringMatching(/^request req_.* \(row 1\) differs in the ledger: premiumRequests$/),
    ]);
  });

  it("is good where a provider has said its price, for which the ledger has no column", async () => {
    stage = new AuditStage();
    await stage.request({ usage: { inputTokens: 194, outputTokens: 2, reportedUsd: 0.00014 } });
    expect(stage.verify().faults).toEqual([]);
  });

  it("tells a row whose own hash was made to fit what it says now", async () => {
    await five();
    const [before] = stage.rows("SELECT hash FROM audit WHERE seq = 2");
    const [row] = stage.rows("SELECT written_at, entry FROM audit WHERE seq = 3");
    const entry = String(row?.entry).replace('"m2"', '"mX"');
    const link = { seq: 3, writtenAt: Number(row?.written_at), entry };
    const hash = linkHash(before?.hash as Uint8Array, link).toString("hex");
    stage.tamper(
      `UPDATE audit SET entry = '${entry}', hash = x'${hash}' WHERE seq = 3`,
      "UPDATE requests SET model_asked = 'mX' WHERE seq = 3",
    );
    expect(stage.verify().faults).toEqual([expect.stringMatching(/^row 4 .*was changed, or moved here/)]);
  });

  it("that somebody has written anew from the beginning lacks the hash that was noted", async () => {
    await five();
    const { head } = stage.verify();
    const other = new AuditStage();
    for (let i = 0; i < 5; i++) await other.request();
    expect(other.verify().faults).toEqual([]);
    expect(other.verify(head.hash).faults).toEqual([
      "the hash that was noted earlier is not in the chain any more",
    ]);
    other.close();
  });

  it("is one chain of two engines that write in turns, as while one of them drains", async () => {
    await five();
    const other = new AuditStage({}, undefined, stage.folder.path);
    for (let i = 0; i < 3; i++) {
      await stage.request();
      await other.request();
    }
    expect(stage.verify()).toMatchObject({ faults: [], rows: 11 });
    other.close();
  });
});

describe("what is deleted leaves a chain that says so", () => {
  it("by age: the beginning goes, the rest is still good", async () => {
    await five();
    const { head } = stage.verify();
    stage.now += 31 * 24 * 3_600_000;
    await stage.request();
    while (stage.audit.maintain());
    const after = stage.verify();
    expect(after).toMatchObject({ faults: [], rows: 2 });
    expect(stage.rows("SELECT kind FROM audit ORDER BY seq")).toEqual([
      { kind: "request" },
      { kind: "removal" },
    ]);
    // What was noted is the last row that went, on which the first of the others builds.
    expect(stage.verify(head.hash).faults).toEqual([]);
    stage.now += 31 * 24 * 3_600_000;
    await stage.request();
    while (stage.audit.maintain());
    expect(stage.verify().faults).toEqual([]);
  });

  it("… and a beginning that somebody else has taken is told", async () => {
    await five();
    stage.now += 31 * 24 * 3_600_000;
    await stage.request();
    while (stage.audit.maintain());
    await stage.request();
    stage.tamper("DELETE FROM audit WHERE seq = 6");
    expect(stage.verify().faults[0]).toBe("row 6 is missing");
  });

  it("by a person: rows of a filter are emptied, the others stay, nothing of them is left", async () => {
    stage = new AuditStage({ level: "full" });
    await stage.request({}, { asked: chatBody("first") });
    const gone = await stage.request(
      { caller: caller({ name: "intern", workspace: { folder: "/secret/place" } }) },
      { asked: chatBody("xylophone") },
    );
    await stage.request({}, { asked: chatBody("third") });
    expect(await stage.audit.remove({ gatewayKey: "intern" }, "rows")).toBe(2);
    expect(stage.verify()).toMatchObject({ faults: [], removed: 2 });
    expect(stage.rows("SELECT rowid FROM audit_text ('xylophone')")).toEqual([]);
    expect(stage.rows("SELECT rowid FROM audit_text ('third')")).toHaveLength(1);
    expect(JSON.stringify(stage.rows("SELECT * FROM audit"))).not.toContain("/secret/place");
    expect(stage.audit.audited(gone.id)).toEqual({ level: "off" });
  });

  it("… and a row more than that is told", async () => {
    await five();
    const [row] = stage.rows("SELECT request FROM audit WHERE seq = 2");
    await stage.audit.remove({ id: String(row?.request) }, "rows");
    expect(stage.verify().faults).toEqual([]);
    stage.tamper("UPDATE audit SET entry = NULL, kind = 'removed' WHERE seq = 3");
    expect(stage.verify().faults).toEqual(["row 3 was emptied by somebody else"]);
  });

  it("… however many, step by step, and nothing of the texts is left in the file", async () => {
    stage = new AuditStage({ level: "full" });
    // As it is stored, not compressed: then a search of the file can find it.
    const noise = Array.from({ length: 300 }, () => Math.random().toString(36).slice(2)).join("");
    for (let i = 0; i < 20; i++) await stage.request({}, { asked: `${i} ${noise}` });
    const [{ request } = { request: undefined }] = stage.rows("SELECT request FROM audit_content LIMIT 1");
    const stored = Buffer.from(request as Uint8Array)
      .subarray(100, 400)
      .toString("latin1");
    const files = () => {
      stage.ledger.onDatabase((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
      return readFileSync(join(stage.folder.path, "ledger.sqlite"), "latin1");
    };
    expect(files()).toContain(stored);
    for (let i = 0; i < 700; i++) stage.ledger.append(record({ startedAt: stage.now }));
    stage.ledger.flush();
    expect(await stage.audit.remove({ gatewayKey: "ci" }, "rows")).toBe(740);
    expect(files()).not.toContain(stored);
    expect(await stage.audit.verify()).toMatchObject({ faults: [], removed: 740 });
  });

  it("content alone: the row stays, and says what it had", async () => {
    stage = new AuditStage({ level: "full" });
    const { id } = await stage.request({}, { asked: chatBody("hello"), answered: ["{}"] });
    expect(stage.audit.audited(id)).toMatchObject({ level: "full", content: { answer: { text: "{}" } } });
    expect(await stage.audit.remove({ id }, "content")).toBe(1);
    expect(stage.audit.audited(id)).toEqual({ level: "full", contentRemoved: true });
    expect(stage.verify().faults).toEqual([]);
  });

  it("content that somebody else took, changed or spoilt is told", async () => {
    stage = new AuditStage({ level: "full" });
    for (const text of ["one", "two", "three", "four"]) await stage.request({}, { asked: chatBody(text) });
    const seqs = stage.rows("SELECT seq FROM audit_content ORDER BY seq").map(({ seq }) => Number(seq));
    stage.tamper(
      `DELETE FROM audit_content WHERE seq = ${seqs[0]}`,
      `UPDATE audit_content SET request = (SELECT request FROM audit_content WHERE seq = ${seqs[3]}) WHERE seq = ${seqs[1]}`,
      `UPDATE audit_content SET request = x'00' WHERE seq = ${seqs[2]}`,
    );
    const { faults } = stage.verify();
    expect(faults).toHaveLength(3);
    expect(faults.join("\n")).toMatch(
      /the kept request was changed\n.*cannot be read\n.*was taken away by somebody else/,
    );
  });

  it("by size: texts go before rows, the oldest first, until it fits", async () => {
    stage = new AuditStage({ level: "full", maxMb: 1 });
    const noise = () =>
      Buffer.from(Array.from({ length: 300_000 }, () => 33 + Math.floor(Math.random() * 90))).toString();
    const ids: string[] = [];
    for (let i = 0; i < 8; i++) ids.push((await stage.request({}, { asked: noise() })).id);
    while (stage.audit.maintain());
    expect(stage.verify().faults).toEqual([]);
    const [size] = stage.rows("SELECT bytes FROM audit_head");
    expect(Number(size?.bytes)).toBeLessThanOrEqual(1024 * 1024);
    expect(stage.audit.audited(ids[0] ?? "")).toEqual({ level: "full", contentRemoved: true });
  });
});
