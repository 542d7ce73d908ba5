import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ALL_TIME } from "../../../src/core/governance/period";
import { EVERYTHING } from "../../../src/core/governance/spend";
import type { Ledger } from "../../../src/engine/ledger/ledger";
import { temporaryFolder } from "../../support/gateway";
import type { Order, Sums } from "../../support/ledgerProgram";
import { Ledgers } from "../../support/ledgers";
import { openRequest, record } from "../../support/records";
import { within } from "../../support/waiting";

const programs = temporaryFolder();
const program = join(programs.path, "ledgerProgram.cjs");
const ledgers = new Ledgers();
const children: Engine[] = [];

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, "../../support/ledgerProgram.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "cjs",
  });
});
afterEach(async () => {
  ledgers.closeAll();
  for (const child of children.splice(0)) await child.kill();
});
afterAll(() => {
  ledgers.remove();
  programs.remove();
});

/** A process of its own with a ledger in the folder. */
class Engine {
  private readonly process: ChildProcess;
  private readonly ended: Promise<unknown>;
  stderr = "";

  constructor(folder: string) {
    this.process = fork(program, [folder], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.process.stderr?.on("data", (text) => {
      this.stderr += text;
    });
    this.ended = once(this.process, "exit");
    children.push(this);
  }

  async order<T>(order: Order): Promise<T> {
    const answer = once(this.process, "message");
    this.process.send(order);
    const [result] = await within(answer, `the answer to ${order.do}`);
    return result as T;
  }

  sums(): Promise<Sums> {
    return this.order({ do: "sums" });
  }

  async close(): Promise<void> {
    await this.order({ do: "close" });
    await within(this.ended, "the process's end");
  }

  /** As kill -9. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await within(this.ended, "the process's end");
  }
}

const spent = (ledger: Ledger) => ledger.totals(EVERYTHING, ALL_TIME);
const held = (ledger: Ledger) => ledger.held(EVERYTHING, ALL_TIME).microUsd;
const records = (count: number) => Array.from({ length: count }, () => record());

const filesIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".journal"));

describe("two engines at once", () => {
  it("both write everything, and see each other's", async () => {
    const folder = ledgers.newFolder();
    const [one, other] = [new Engine(folder), new Engine(folder)];
    await Promise.all([one.sums(), other.sums()]);
    const rounds = Array.from({ length: 20 }, () => 0);
    const write = async (engine: Engine) => {
      for (const _ of rounds) await engine.order({ do: "append", records: records(25), flush: true });
    };
    await Promise.all([write(one), write(other)]);
    await Promise.all([one.order({ do: "append", records: records(3), flush: false }), one.close()]);
    await expect.poll(async () => (await other.sums()).totals.requests).toBe(1003);
    expect((await other.sums()).totals).toMatchObject({ requests: 1003, microUsd: 1003 * 25 });
    expect((await other.sums()).log).toEqual([]);
    expect(one.stderr + other.stderr).toBe("");
    await other.close();
    const ledger = ledgers.open(folder);
    expect((await ledger.requests({ limit: 1000 })).next).toBeDefined();
  });

  it("never hold more together than a budget allows", async () => {
    const folder = ledgers.newFolder();
    const engines = [new Engine(folder), new Engine(folder), new Engine(folder)];
    await Promise.all(engines.map((engine) => engine.sums()));
    await engines[0]?.order({ do: "append", records: [record()], flush: true });
    const counts = await Promise.all(
      engines.map((engine) =>
        engine.order<number>({
          do: "holdWithin",
          requests: Array.from({ length: 100 }, () => openRequest(30)),
          microUsd: 1_000,
        }),
      ),
    );
    // 25 are spent, and 32 times 30 fit into what is left of 1,000
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(32);
    expect((await engines[1]?.sums())?.heldMicroUsd).toBe(960);
  });

  it("leave each other's running requests alone, and count what is held for them", async () => {
    const folder = ledgers.newFolder();
    const old = new Engine(folder);
    const long = openRequest(70);
    await old.order({ do: "hold", requests: [long] });
    const next = ledgers.open(folder);
    expect(held(next)).toBe(70);
    expect(spent(next).requests).toBe(0);
    await old.order({ do: "append", records: [record({ id: long.record.id })], flush: true });
    expect(held(next)).toBe(0);
    expect(spent(next)).toMatchObject({ requests: 1, microUsd: 25, estimatedMicroUsd: 0 });
  });
});

describe("an engine that is killed", () => {
  it("leaves estimates that say so of what had gone out, and nothing of what had not", async () => {
    const folder = ledgers.newFolder();
    const engine = new Engine(folder);
    const priced = openRequest(70);
    const unpriced = openRequest(0);
    const { priceSource: _, ...withoutPrice } = unpriced;
    const { held: __, ...notHeld } = openRequest(0);
    const unsent = { ...openRequest(900), sent: false };
    await engine.order({ do: "append", records: [record()], flush: true });
    await engine.order({ do: "hold", requests: [priced, withoutPrice, unsent] });
    await engine.order({ do: "opened", requests: [notHeld], flush: true });
    await engine.kill();
    const ledger = ledgers.open(folder);
    expect(ledger.request(priced.record.id)).toEqual({
      ...priced.record,
      durationMs: 0,
      attempts: [],
      dropped: [],
      status: 0,
      outcome: "cut",
      errorCode: "engine_lost",
      usage: { inputTokens: 100, outputTokens: 50 },
      usageBasis: "estimated",
      cost: { microUsd: 70, basis: "estimated", priceSource: "config" },
    });
    expect(ledger.request(unpriced.record.id)).toMatchObject({ outcome: "cut", usageBasis: "estimated" });
    expect(ledger.request(unpriced.record.id)?.cost).toBeUndefined();
    expect(ledger.request(notHeld.record.id)).toMatchObject({ outcome: "cut", errorCode: "engine_lost" });
    expect(ledger.request(notHeld.record.id)?.usage).toBeUndefined();
    expect(ledger.request(unsent.record.id)).toBeUndefined();
    expect(held(ledger)).toBe(0);
    expect(spent(ledger)).toMatchObject({
      requests: 4,
      failed: 3,
      microUsd: 25 + 70,
      estimatedMicroUsd: 70,
      unpriced: 1,
    });
    // And only once.
    expect(spent(ledgers.reopen(ledger, folder)).requests).toBe(4);
  });

  it("is settled whatever numbers it has noted, and keeps no ledger from being opened", async () => {
    const folder = ledgers.newFolder();
    const engine = new Engine(folder);
    const mad = openRequest(1e300, { id: "req_mad" });
    const held = { requests: 1, inputTokens: 100, outputTokens: 1.5, microUsd: 1e300, premiumMilli: 0 };
    await engine.order({ do: "hold", requests: [{ ...mad, held }, openRequest(40)] });
    await engine.kill();
    const ledger = ledgers.open(folder);
    expect(ledger.status()).toMatchObject({ kept: "disk", notices: [] });
    expect(spent(ledger)).toMatchObject({ requests: 2, microUsd: 40, inputTokens: 200 });
    expect(ledger.request("req_mad")?.errorCode).toBe("engine_lost");
  });

  it("after a request has settled but before it was written, is followed by one that has its row as it was", async () => {
    const folder = ledgers.newFolder();
    const engine = new Engine(folder);
    const request = openRequest(70);
    await engine.order({ do: "hold", requests: [request] });
    const rows = [record({ id: request.record.id }), ...records(50)];
    await engine.order({ do: "append", records: rows, flush: false });
    await engine.kill();
    const ledger = ledgers.open(folder);
    for (const row of rows) expect(ledger.request(row.id)).toEqual(row);
    expect(spent(ledger)).toMatchObject({ requests: 51, microUsd: 51 * 25, estimatedMicroUsd: 0 });
    expect(held(ledger)).toBe(0);
    expect(filesIn(folder)).toEqual([]);
    expect(spent(ledgers.reopen(ledger, folder)).requests).toBe(51);
  });

  it("after a request has begun but before it was noted, is followed by one that knows of it", async () => {
    const folder = ledgers.newFolder();
    const engine = new Engine(folder);
    const request = openRequest(70);
    await engine.order({ do: "opened", requests: [request], flush: false });
    await engine.kill();
    const ledger = ledgers.open(folder);
    expect(ledger.request(request.record.id)).toMatchObject({ outcome: "cut", errorCode: "engine_lost" });
    expect(spent(ledger)).toMatchObject({ requests: 1, microUsd: 70, estimatedMicroUsd: 70 });
  });

  it("between the write of its rows and the end of its journal, has no row twice", async () => {
    const folder = ledgers.newFolder();
    const engine = new Engine(folder);
    const rows = records(5);
    await engine.order({ do: "append", records: rows, flush: false });
    const [journal = ""] = filesIn(folder);
    const text = readFileSync(join(folder, journal), "utf8");
    await engine.order({ do: "append", records: [record()], flush: true });
    writeFileSync(join(folder, journal), text);
    await engine.kill();
    expect(spent(ledgers.open(folder))).toMatchObject({ requests: 6, microUsd: 6 * 25 });
  });

  it("in the middle of a line of its journal, costs that line alone", async () => {
    const folder = ledgers.newFolder();
    const engine = new Engine(folder);
    const rows = records(3);
    await engine.order({ do: "append", records: rows, flush: false });
    await engine.kill();
    const [journal = ""] = filesIn(folder);
    const whole = readFileSync(join(folder, journal));
    writeFileSync(join(folder, journal), Buffer.concat([whole.subarray(0, -40), Buffer.alloc(64)]));
    const ledger = ledgers.open(folder);
    expect(ledger.status()).toMatchObject({ kept: "disk", notices: [] });
    expect(rows.map(({ id }) => ledger.request(id) !== undefined)).toEqual([true, true, false]);
  });

  it("while nothing could be written to its database, leaves what it has kept", async () => {
    const folder = ledgers.newFolder();
    const engine = new Engine(folder);
    await engine.order({ do: "append", records: [record()], flush: true });
    const lock = new DatabaseSync(join(folder, "ledger.sqlite"));
    lock.exec("BEGIN EXCLUSIVE");
    const rows = records(20);
    await engine.order({ do: "append", records: rows, flush: true });
    await engine.kill();
    lock.close();
    const ledger = ledgers.open(folder);
    for (const row of rows) expect(ledger.request(row.id)).toEqual(row);
    expect(spent(ledger).requests).toBe(21);
  });

  it("does not take its successor's running requests with it", async () => {
    const folder = ledgers.newFolder();
    const [killed, living] = [new Engine(folder), new Engine(folder)];
    await killed.order({ do: "hold", requests: [openRequest(70)] });
    await living.order({ do: "hold", requests: [openRequest(11)] });
    await killed.kill();
    const ledger = ledgers.open(folder);
    expect(held(ledger)).toBe(11);
    expect(spent(ledger)).toMatchObject({ requests: 1, microUsd: 70 });
  });

  it("corrects the estimate if it was only asleep, and settles after all", async () => {
    const folder = ledgers.newFolder();
    const asleep = new Engine(folder);
    const request = openRequest(70);
    await asleep.order({ do: "hold", requests: [request] });
    const watch = ledgers.open(folder);
    watch.onDatabase((database) => database.exec("UPDATE engines SET seen_at = seen_at - 3600000"));
    const next = ledgers.reopen(watch, folder);
    expect(spent(next)).toMatchObject({ requests: 1, microUsd: 70, failed: 1 });
    const really = record({ id: request.record.id });
    await asleep.order({ do: "append", records: [really], flush: true });
    expect(next.request(really.id)).toEqual(really);
    expect(spent(next)).toMatchObject({ requests: 1, microUsd: 25, estimatedMicroUsd: 0, failed: 0 });
  });

  it("is settled at once where a new one has its process id, as in a container", () => {
    const folder = ledgers.newFolder();
    const first = ledgers.open(folder);
    first.transaction((spend) => spend.hold(openRequest(70)));
    // Not closed: it goes without a word.
    const second = ledgers.open(folder);
    expect(spent(second)).toMatchObject({ requests: 1, microUsd: 70 });
  });
});
