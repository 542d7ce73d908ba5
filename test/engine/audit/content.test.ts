import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { auditSchema } from "../../../src/core/config/schema";
import { Permits } from "../../../src/engine/governance/permits";
import { LEDGER_FILE } from "../../../src/engine/ledger/database";
import { PolicyService } from "../../../src/engine/policy/policyService";
import { scanBody } from "../../../src/engine/relay/clientBody";
import { RequestTrace } from "../../../src/engine/relay/requestTrace";
import { caller, record } from "../../support/records";
import { secretShapes } from "../../support/secretShapes";
import { AuditStage, chatBody, chatStream } from "./stage";

let stage: AuditStage;
afterEach(() => stage.close());

describe("what is kept", () => {
  it("off: not even the row", async () => {
    stage = new AuditStage({ level: "off" });
    const { id } = await stage.request({}, { asked: chatBody("hello") });
    expect(stage.audit.audited(id)).toEqual({ level: "off" });
    expect(stage.rows("SELECT * FROM audit")).toEqual([]);
  });

  it("metadata: the row and no content, which is the default", async () => {
    stage = new AuditStage();
    const { id } = await stage.request({}, { asked: chatBody("hello xylophone"), answered: ["hi"] });
    expect(stage.audit.audited(id)).toEqual({ level: "metadata" });
    expect(stage.rows("SELECT * FROM audit_content")).toEqual([]);
    expect(stage.audit.inMemory).toBe(0);
  });

  it("full: request and answer, compressed, found by their words", async () => {
    stage = new AuditStage({ level: "full" });
    const asked = chatBody(`Wie spielt man Xylophon? ${"bla ".repeat(5_000)}`);
    const { id } = await stage.request(
      {},
      { asked, answered: ['{"choices":[{"message":{"content":"Mit Schlägeln."}}]}'] },
    );
    const { content } = stage.audit.audited(id);
    expect(content?.request).toMatchObject({
      text: asked,
      bytes: asked.length,
      keptBytes: asked.length,
      redacted: [],
    });
    expect(content?.answer?.text).toContain("Schlägeln");
    const [stored] = stage.rows("SELECT length(request) AS bytes FROM audit_content");
    expect(Number(stored?.bytes)).toBeLessThan(asked.length / 10);
    for (const text of ["xylophon", "XYLO", "spielt mit", "schlageln"])
      expect(stage.audit.find({ text }, 10), text).toEqual([id]);
    for (const text of ["posaune", '"', "NOT", "x*) OR (1"])
      expect(stage.audit.find({ text }, 10), text).toEqual([]);
    expect(stage.audit.inMemory).toBe(0);
  });

  it("goes by gateway key, then by workspace, then by the rest", async () => {
    stage = new AuditStage({
      level: "metadata",
      keys: { ci: "off", ada: "full" },
      workspaces: { "/w/*": "full", "/w/x": "off" },
    });
    const at = async (name: string, folder?: string) => {
      const from = caller({ name, ...(folder ? { workspace: { folder } } : {}) });
      const { id } = await stage.request({ caller: from }, { asked: chatBody("hello") });
      return stage.audit.audited(id).level;
    };
    expect([
      await at("ci", "/w/a"),
      await at("ada"),
      await at("eve", "/w/a"),
      await at("eve", "/v"),
      await at("constructor"),
    ]).toEqual(["off", "full", "full", "metadata", "metadata"]);
  });

  it("is everything where a rule forces it, and nothing of it where the rule did not come to apply", async () => {
    stage = new AuditStage({ level: "off" });
    const forced = await stage.request({}, { asked: chatBody("hello") }, true);
    const free = await stage.request({}, { asked: chatBody("hello") }, false);
    expect(stage.audit.audited(forced.id)).toMatchObject({ level: "full", content: { request: {} } });
    expect(stage.audit.audited(free.id)).toEqual({ level: "off" });
    expect(stage.verify()).toMatchObject({ faults: [], rows: 2 });
  });
});

describe("secrets are gone before anything is written", () => {
  it("from a request, from an answer, and from a stream in which they came in pieces", async () => {
    stage = new AuditStage({ level: "full" });
    const [{ secret } = { secret: "" }] = secretShapes().filter(({ name }) => name === "GitHub, classic");
    const pieces = [secret.slice(0, 3), secret.slice(3, 17), secret.slice(17)];
    const { id } = await stage.request(
      {},
      { asked: chatBody(`use ${secret} now`), answered: chatStream("I use ", ...pieces, " now") },
    );
    const { content } = stage.audit.audited(id);
    expect(content?.request?.redacted).toEqual(["github"]);
    expect(content?.answer?.redacted).toEqual(["github"]);
    expect(JSON.parse(content?.answer?.text ?? "")).toMatchObject({
      blocks: [{ kind: "text", text: "I use [redacted github] now" }],
      stop: "stop",
    });
    stage.ledger.close();
    const files = ["ledger.sqlite", "ledger.sqlite-wal"].flatMap((name) => {
      try {
        return [readFileSync(join(stage.folder.path, name), "latin1")];
      } catch {
        return [];
      }
    });
    for (const file of files) expect(file.toLowerCase()).not.toContain(secret.toLowerCase());
  });

  it("also the engine's own credentials, in base64", async () => {
    stage = new AuditStage({ level: "full" });
    const key = "the-key-of-the-provider";
    stage.detector.configure({
      providers: [],
      gateway: { host: "", port: 1, maxRunning: 1, keys: [{ name: "k", key }] },
    });
    const basic = Buffer.from(`user:${key}`).toString("base64");
    const { id } = await stage.request({}, { asked: chatBody(`${key} ${basic}`) });
    const text = stage.audit.audited(id).content?.request?.text ?? "";
    expect(text).not.toContain(key);
    expect(Buffer.from(text.split(" ")[1]?.split('"')[0] ?? "", "base64").toString()).not.toContain(key);
  });

  it("also where a text is cut in the middle of one", async () => {
    stage = new AuditStage({ level: "full" });
    const [{ secret } = { secret: "" }] = secretShapes();
    // The cut comes after the first 20 characters of the secret.
    const begin = '{"messages":[{"role":"user","content":"';
    const filler = "word ".repeat(4 * 1024 * 1024).slice(0, 4 * 1024 * 1024 - begin.length - 21);
    const { id } = await stage.request({}, { asked: `${begin}${filler} ${secret} and more"}]}` });
    const kept = stage.audit.audited(id).content?.request;
    expect(kept?.keptBytes).toBe(4 * 1024 * 1024);
    expect(kept?.bytes).toBeGreaterThan(4 * 1024 * 1024);
    expect(kept?.text).not.toContain(secret.slice(0, 10));
  });

  it("also where a stream is cut in the middle of one", async () => {
    stage = new AuditStage({ level: "full" }, 2_000);
    const [{ secret } = { secret: "" }] = secretShapes();
    const pieces = chatStream("The key is ", secret.slice(0, 12), secret.slice(12, 24), secret.slice(24));
    const { id } = await stage.request(
      {},
      { asked: "{}", answered: [...pieces.slice(0, 3), " ".repeat(2_000)] },
    );
    const kept = stage.audit.audited(id).content?.answer;
    expect(kept?.keptBytes).toBeLessThan(kept?.bytes ?? 0);
    expect(JSON.parse(kept?.text ?? "").blocks).toEqual([{ kind: "text", text: "The key is " }]);
  });

  it("also where a stream tells each token of one apart", async () => {
    stage = new AuditStage({ level: "full" });
    const [{ secret } = { secret: "" }] = secretShapes();
    const halves = [secret.slice(0, 24), secret.slice(24)];
    const answered = halves.map((token) => {
      const choice = {
        index: 0,
        delta: { content: token },
        logprobs: { content: [{ token, logprob: -0.1 }] },
      };
      return `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", choices: [choice] })}\n\n`;
    });
    const { id } = await stage.request({}, { asked: "{}", answered: [...answered, ...chatStream("")] });
    for (const half of halves) expect(stage.audit.audited(id).content?.answer?.text).not.toContain(half);
  });
});

describe("an answer that did not come whole", () => {
  it("is kept as far as it came, and says that it broke off", async () => {
    stage = new AuditStage({ level: "full" });
    const [first = "", second = ""] = chatStream("The half ", "of it");
    const { id } = await stage.request({ outcome: "cut" }, { asked: "{}", answered: [first, second] });
    const answer = JSON.parse(stage.audit.audited(id).content?.answer?.text ?? "");
    expect(answer.blocks).toMatchObject([{ kind: "text", text: "The half of it" }]);
    expect(answer.error).toBeTruthy();
  });

  it("that is no JSON is kept as text", async () => {
    stage = new AuditStage({ level: "full" });
    const { id } = await stage.request({ status: 502 }, { answered: ["<html>Bad gateway</html>"] });
    expect(stage.audit.audited(id).content?.answer?.text).toBe("<html>Bad gateway</html>");
  });
});

describe("without a database", () => {
  it("nothing is collected, and it is said once", async () => {
    stage = new AuditStage({ level: "full" });
    const told: string[] = [];
    stage.log.onEntry(({ message }) => told.push(message));
    stage.audit.use({ onDatabase: () => undefined });
    for (let i = 0; i < 3; i++) await stage.request({}, { asked: chatBody("hello") });
    expect(stage.audit.inMemory).toBe(0);
    expect(told.filter((message) => message.includes("no database"))).toHaveLength(1);
  });
});

describe("memory", () => {
  it("is bounded by all requests together, and given back", async () => {
    stage = new AuditStage({ level: "full" }, 10_000);
    const trails = Array.from({ length: 20 }, () => stage.audit.begin({ caller: caller() }));
    for (const trail of trails) {
      trail.request(Buffer.alloc(1_000, "x"));
      for (let i = 0; i < 10; i++) trail.chunk("y".repeat(100));
    }
    expect(stage.audit.inMemory).toBeLessThanOrEqual(10_000);
    for (const trail of trails) trail.drop();
    expect(stage.audit.inMemory).toBe(0);
    const { id } = await stage.request({}, { asked: "z".repeat(20_000) });
    expect(stage.audit.audited(id)).toMatchObject({ level: "full", missing: expect.any(String) });
    expect(stage.audit.inMemory).toBe(0);
  });

  it("does not see what the caller does with its buffer afterwards", async () => {
    stage = new AuditStage({ level: "full" });
    const settled = await stage.request({}, { asked: "{}" });
    const trail = stage.audit.begin({ caller: settled.caller });
    const buffer = Buffer.from("first");
    trail.chunk(buffer);
    buffer.fill("x");
    trail.chunk(buffer);
    const again = { ...settled, id: "again" };
    trail.settle(again);
    stage.ledger.append(again);
    await stage.audit.settled();
    expect(stage.audit.audited("again").content?.answer?.text).toBe("firstxxxxx");
  });
});

describe("settings that change while rows cannot be written", () => {
  it.each([
    ["off", "metadata", []],
    ["metadata", "off", ["request"]],
    ["full", "off", ["request", "content"]],
  ] as const)("%s → %s: what has settled is kept as it was to be kept then", async (from, to, kinds) => {
    stage = new AuditStage({ level: from });
    const other = new DatabaseSync(join(stage.folder.path, LEDGER_FILE));
    other.exec("BEGIN IMMEDIATE");
    const settled = record({ startedAt: stage.now });
    const trail = stage.audit.begin({ caller: settled.caller });
    trail.request(Buffer.from(chatBody("hello")));
    trail.settle(settled);
    stage.ledger.append(settled);
    stage.ledger.flush();
    stage.audit.configure(auditSchema.parse({ level: to }), stage.ledger.unwritten);
    other.exec("ROLLBACK");
    other.close();
    stage.now += 10_000;
    stage.ledger.flush();
    await stage.audit.settled();
    const rows = stage.ledger.onDatabase((database) => database.prepare("SELECT kind FROM audit").all());
    expect(rows?.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted());
  });
});

describe("a request that the policy refuses", () => {
  it("gives back what was collected of it", async () => {
    stage = new AuditStage({ level: "full" });
    const nobody = { source: async () => undefined };
    const policy = new PolicyService(nobody, nobody, stage.detector);
    policy.configure({ fault: "cannot be used" });
    const unused = {} as never;
    const { audit, detector: secrets } = stage;
    const permits = new Permits({ governor: unused, pricing: unused, policy, secrets, audit });
    const trace = new RequestTrace("r", caller(), "chat", { at: stage.now, tick: 0 });
    const body = scanBody(Buffer.from(chatBody("hello")), undefined);
    await expect(permits.begin(trace, body, {})).rejects.toMatchObject({ code: "policy_refused" });
    expect(audit.inMemory).toBe(0);
  });
});

describe("a disk that is full", () => {
  it("costs the content and not the request, and when there is room again it goes on", async () => {
    stage = new AuditStage({ level: "full" });
    const before = await stage.request({}, { asked: chatBody("before") });
    stage.ledger.onDatabase((database) => {
      const pages = database.prepare("PRAGMA page_count").get()?.page_count;
      database.exec(`PRAGMA max_page_count = ${Number(pages)}`);
    });
    const noise = Buffer.from(Array.from({ length: 400_000 }, () => 33 + Math.floor(Math.random() * 90)));
    const during = await stage.request({}, { asked: noise.toString() });
    expect(stage.audit.inMemory).toBe(0);
    expect(stage.audit.audited(during.id)).not.toHaveProperty("content");
    stage.ledger.onDatabase((database) => database.exec("PRAGMA max_page_count = 100000"));
    stage.now += 10_000;
    const after = await stage.request({}, { asked: chatBody("after") });
    for (const { id } of [before, after]) expect(stage.audit.audited(id)).toHaveProperty("content");
    expect(stage.verify().faults).toEqual([]);
  }, 20_000);
});
