import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  matchesFilter,
  type RequestCursor,
  type RequestFilter,
} from "../../../src/core/governance/ledgerQuery";
import { ALL_TIME, periodRange } from "../../../src/core/governance/period";
import type { RequestRecord } from "../../../src/core/governance/requestRecord";
import { EVERYTHING, NO_TOTALS, type ScopeKind, scopesOf } from "../../../src/core/governance/spend";
import type { Ledger } from "../../../src/engine/ledger/ledger";
import { Clock, Ledgers } from "../../support/ledgers";
import { caller, record } from "../../support/records";

const ledgers = new Ledgers();
afterEach(() => ledgers.closeAll());
afterAll(() => ledgers.remove());

/** With everything in it that a record can have. */
const full: RequestRecord = record({
  firstByteMs: 12.5,
  caller: caller({
    labels: { team: "web", bucket: "b" },
    workspace: { folder: "/w", remote: "https://example.com/r.git", branch: "main", trusted: true },
  }),
  tool: "codex",
  task: "code",
  route: "fast",
  modelAnswered: "gpt-small-2026",
  credential: "key 1",
  attempts: [
    {
      provider: "a",
      model: "b",
      credential: "c",
      startMs: 1,
      durationMs: 2,
      status: 429,
      reason: "rate limited",
    },
    { provider: "openai", model: "gpt-small", credential: "key 1", startMs: 5, durationMs: 9, status: 200 },
  ],
  errorCode: "none",
  usage: {
    inputTokens: 100,
    cachedInputTokens: 10,
    cacheWriteTokens: 20,
    cacheWrite1hTokens: 5,
    outputTokens: 50,
    reasoningTokens: 30,
    serviceTier: "flex",
  },
  premiumRequests: 0.33,
  premiumBasis: "reported",
  dropped: ["top_k", "logprobs"],
  policyRule: "incidents stay inside",
});
const bare: RequestRecord = {
  id: "req_bare",
  startedAt: Date.UTC(2026, 6, 1),
  durationMs: 0,
  caller: caller({ kind: "vscode", name: "github.copilot-chat" }),
  operation: "messages",
  protocolIn: "messages",
  modelAsked: "nonesuch",
  attempts: [],
  status: 404,
  outcome: "refused",
  dropped: [],
};

describe("a row", () => {
  it.each([
    ["with everything", full],
    ["with nothing that can be absent", bare],
    ["with texts that mean something to SQL", { ...bare, modelAsked: "'; DROP TABLE requests; --\u0000x" }],
  ])("is read as it was written: %s", async (_, written) => {
    const folder = ledgers.newFolder();
    const first = ledgers.open(folder);
    first.append(written);
    expect(first.request(written.id)).toEqual(written);
    first.flush();
    expect(first.request(written.id)).toEqual(written);
    const second = ledgers.reopen(first, folder);
    expect(second.request(written.id)).toEqual(written);
    expect(await second.requests({ limit: 10 })).toEqual({ requests: [written] });
    expect(second.request("req_none")).toBeUndefined();
  });

  it("is written by itself within a moment, to a file that is the person's alone", async () => {
    const folder = ledgers.newFolder();
    const ledger = ledgers.open(folder);
    ledger.append(full);
    const reader = ledgers.open(folder);
    await expect.poll(() => reader.request(full.id)).toEqual(full);
    if (process.platform === "win32") return;
    for (const name of ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"])
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it("keeps what is no number out of the sums, and keeps no other row from being written", () => {
    const ledger = ledgers.open(ledgers.newFolder());
    ledger.append(record({ usage: { inputTokens: Number.NaN, outputTokens: 5 } }));
    ledger.append(record({ cost: { microUsd: 0.5, basis: "reported", priceSource: "config" } }));
    const strange = record({ modelAsked: { not: "text" } as never });
    ledger.append(strange);
    ledger.append(full);
    ledger.flush();
    expect(ledger.request(full.id)).toEqual(full);
    expect(ledger.request(strange.id)).toBeUndefined();
    expect(ledger.totals(EVERYTHING, ALL_TIME)).toMatchObject({
      requests: 4,
      inputTokens: 0 + 10 + 10 + 100,
      outputTokens: 5 + 5 + 5 + 50,
      microUsd: 25 + 25 + 25,
    });
    expect(ledgers.log.recent().some(({ message }) => message.includes(strange.id))).toBe(true);
  });
});

/** The same requests over and over: in memory, not written yet, half written, and read after a restart. */
const PLACES = ["memory", "buffer", "both", "disk"] as const;

function filled(place: (typeof PLACES)[number], records: readonly RequestRecord[], now = Date.now): Ledger {
  const folder = place === "memory" ? undefined : ledgers.newFolder();
  const ledger = ledgers.open(folder, { now });
  records.forEach((one, index) => {
    ledger.append(one);
    if (place === "both" && index === Math.floor(records.length / 2)) ledger.flush();
  });
  return place === "disk" ? ledgers.reopen(ledger, folder ?? "", { now }) : ledger;
}

describe.each(PLACES)("totals from %s", (place) => {
  const zone = process.env.TZ;
  beforeEach(() => {
    process.env.TZ = "Asia/Kolkata";
  });
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it("add up by every scope, with how each number is known", () => {
    const startedAt = Date.now();
    const web = caller({ name: "ci", labels: { team: "web" }, workspace: { folder: "/w" } });
    const chat = caller({ kind: "vscode", name: "ci", labels: { team: "web" } });
    const unpriced = record({ startedAt, caller: chat, tool: "codex", usage: { inputTokens: 1 } });
    const { cost: _, ...unpricedRecord } = unpriced;
    const ledger = filled(place, [
      record({ startedAt, caller: web }),
      unpricedRecord,
      record({
        startedAt,
        caller: web,
        provider: "anthropic",
        model: "opus",
        outcome: "clientLeft",
        usage: { inputTokens: 7, outputTokens: 2 },
        usageBasis: "estimated",
        cost: { microUsd: 3, basis: "estimated", priceSource: "config" },
      }),
      record({ startedAt, outcome: "refused", status: 429 }),
      record({ startedAt, operation: "countTokens" }),
      record({ startedAt, outcome: "cut", premiumRequests: 0.33, premiumBasis: "estimated" }),
    ]);
    const sum = (kind: ScopeKind, name: string) =>
      ledger.totals({ kind, name }, periodRange("day", startedAt));
    const everything = {
      requests: 4,
      refused: 1,
      failed: 1,
      unreported: 0,
      unpriced: 1,
      inputTokens: 10 + 1 + 7 + 10,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 5 + 2 + 5,
      estimatedInputTokens: 7,
      estimatedOutputTokens: 2,
      microUsd: 25 + 3 + 25,
      estimatedMicroUsd: 3,
      premiumMilli: 330,
      estimatedPremiumMilli: 330,
    };
    expect(sum("all", "")).toEqual(everything);
    expect(sum("provider", "anthropic")).toMatchObject({ requests: 1, microUsd: 3 });
    expect(sum("model", "anthropic/opus")).toMatchObject({ requests: 1, microUsd: 3 });
    expect(sum("model", "openai/gpt-small")).toMatchObject({ requests: 3, microUsd: 50 });
    expect(sum("gatewayKey", "ci")).toMatchObject({ requests: 3, refused: 1, microUsd: 53 });
    expect(sum("extension", "ci")).toMatchObject({ requests: 1, microUsd: 0, unpriced: 1 });
    expect(sum("workspace", "/w")).toMatchObject({ requests: 2, microUsd: 28 });
    expect(sum("label", "team=web")).toMatchObject({ requests: 3, microUsd: 28 });
    expect(sum("tool", "codex")).toMatchObject({ requests: 1 });
    expect(sum("tool", "none")).toEqual(NO_TOTALS);
    const byProvider = ledger.breakdown("provider", periodRange("month", startedAt));
    expect([...byProvider].map(([name, { requests }]) => [name, requests]).sort()).toEqual([
      ["anthropic", 1],
      ["openai", 3],
    ]);
    expect(ledger.usageToday()).toMatchObject({
      requests: 4,
      inputTokens: 21,
      outputTokens: 10,
      unreported: 0,
      cost: { microUsd: 53, estimatedMicroUsd: 3, unpriced: 1 },
      month: { microUsd: 53, estimatedMicroUsd: 3, unpriced: 1 },
    });
  });

  it("begin anew with the local day, to the millisecond, and are there again when the clock is set back", () => {
    const midnight = new Date(2026, 6, 2).getTime();
    const clock = new Clock(midnight - 1);
    const ledger = filled(
      place,
      [
        record({ startedAt: midnight - 1 }),
        record({ startedAt: midnight }),
        record({ startedAt: midnight + 1 }),
      ],
      clock.read,
    );
    const today = () => [ledger.usageToday().day, ledger.usageToday().requests];
    expect(today()).toEqual(["2026-07-01", 1]);
    clock.now = midnight;
    expect(today()).toEqual(["2026-07-02", 2]);
    expect(ledger.usageToday().month?.microUsd).toBe(75);
    clock.now = new Date(2026, 7, 1).getTime();
    expect(today()).toEqual(["2026-08-01", 0]);
    expect(ledger.usageToday().month?.microUsd).toBe(0);
    clock.now = midnight - 1;
    expect(today()).toEqual(["2026-07-01", 1]);
  });

  it("follow a person to another time zone", () => {
    const startedAt = Date.UTC(2026, 6, 1, 20);
    const clock = new Clock(startedAt);
    const ledger = filled(place, [record({ startedAt })], clock.read);
    clock.now = Date.UTC(2026, 6, 2, 1);
    // In Kolkata it was half past one in the morning of the 2nd.
    expect(ledger.usageToday()).toMatchObject({ day: "2026-07-02", requests: 1 });
    process.env.TZ = "America/New_York";
    expect(ledger.usageToday()).toMatchObject({ day: "2026-07-01", requests: 1 });
    process.env.TZ = "UTC";
    expect(ledger.usageToday()).toMatchObject({ day: "2026-07-02", requests: 0 });
  });

  it("are exact for minutes too, and for any other range", () => {
    const minute = Date.UTC(2026, 6, 1, 12, 7);
    const offsets = [-3_600_000, -1, 0, 59_999, 60_000, 900_000, 50_000_000, 86_400_000, 130_000_000];
    const ledger = filled(
      place,
      offsets.map((offset) => record({ startedAt: minute + offset })),
    );
    const count = (from: number, until: number) =>
      ledger.totals({ kind: "provider", name: "openai" }, { from, until }).requests;
    expect(count(minute, minute + 60_000)).toBe(2);
    expect(count(minute - 1, minute + 60_001)).toBe(4);
    expect(count(minute - 3_600_000, minute + 86_400_000)).toBe(7);
    expect(count(minute - 3_599_999, minute + 86_400_001)).toBe(7);
    // With a whole day of UTC between quarters of the days before and after it.
    expect(count(minute, minute + 131_000_000)).toBe(7);
    expect(count(minute, minute)).toBe(0);
    expect(count(minute + 1, minute)).toBe(0);
    expect(ledger.breakdown("tool", { from: minute, until: minute + 60_000 }).size).toBe(0);
    expect(
      ledger.breakdown("model", { from: minute, until: minute + 60_000 }).get("openai/gpt-small"),
    ).toMatchObject({ requests: 2 });
  });
});

it("a minute's totals stay exact while requests come in, also from another engine, and when they are written late", () => {
  const minute = Date.UTC(2026, 6, 1, 12, 7);
  const range = { from: minute, until: minute + 60_000 };
  const folder = ledgers.newFolder();
  const [one, other] = [ledgers.open(folder), ledgers.open(folder)];
  const counts = (): number[] =>
    [one, other].map((ledger) => ledger.totals({ kind: "provider", name: "openai" }, range).requests);
  one.append(record({ startedAt: minute }));
  one.flush();
  expect(counts()).toEqual([1, 1]);
  other.append(record({ startedAt: minute + 59_999 }));
  other.append(record({ startedAt: minute + 60_000 }));
  other.append(record({ startedAt: minute + 5, provider: "azure" }));
  expect(counts()).toEqual([1, 2]);
  other.flush();
  expect(counts()).toEqual([2, 2]);
  one.append(record({ startedAt: minute + 1 }));
  one.append(record({ startedAt: minute - 1 }));
  one.flush();
  expect(counts()).toEqual([3, 3]);
});

describe.each(PLACES)("requests from %s", (place) => {
  const outcomes = ["answered", "failed", "refused", "cut", "clientLeft"] as const;
  /** Many begin in the same millisecond, in no order. */
  const records = Array.from({ length: 200 }, (_, index) =>
    record({
      startedAt: Date.UTC(2026, 6, 1) + ((index * 7919) % 40) * 1000,
      provider: `p${index % 3}`,
      model: `m${index % 5}`,
      ...(index % 4 === 0 ? { tool: "codex", task: "code" } : {}),
      outcome: outcomes[index % 5] ?? "answered",
      caller: caller({
        kind: index % 7 === 0 ? "vscode" : "gatewayKey",
        name: `c${index % 2}`,
        labels: index % 6 === 0 ? { team: "web" } : {},
        ...(index % 8 === 0 ? { workspace: { folder: "/w" } } : {}),
      }),
    }),
  );
  const sorted = records.toSorted(
    (one, other) => other.startedAt - one.startedAt || (one.id < other.id ? 1 : -1),
  );

  async function everyPage(ledger: Ledger, filter: RequestFilter, limit: number): Promise<RequestRecord[]> {
    const found: RequestRecord[] = [];
    let before: RequestCursor | undefined;
    do {
      const page = await ledger.requests({ filter, limit, ...(before ? { before } : {}) });
      expect(page.requests.length).toBeLessThanOrEqual(limit);
      found.push(...page.requests);
      before = page.next;
    } while (before);
    return found;
  }

  it.each<[string, RequestFilter]>([
    ["all", {}],
    ["a provider", { provider: "p1" }],
    ["a model", { model: "m3" }],
    ["a gateway key", { gatewayKey: "c1" }],
    ["an extension", { extension: "c0" }],
    ["a workspace", { workspace: "/w" }],
    ["a label", { label: "team=web" }],
    ["a label that is none", { label: "team=we" }],
    ["a tool", { tool: "codex" }],
    ["a task", { task: "code" }],
    ["outcomes", { outcomes: ["failed", "cut"] }],
    ["no outcome", { outcomes: [] }],
    ["a range", { range: { from: Date.UTC(2026, 6, 1) + 5_000, until: Date.UTC(2026, 6, 1) + 9_000 } }],
    ["much at once", { provider: "p0", tool: "codex", outcomes: ["answered", "clientLeft"] }],
    ["nothing", { provider: "none" }],
  ])("come page by page, each once and the latest first: %s", async (_, filter) => {
    const ledger = filled(place, records);
    const expected = sorted.filter((one) => matchesFilter(one, filter)).map(({ id }) => id);
    for (const limit of [7, 1000])
      expect((await everyPage(ledger, filter, limit)).map(({ id }) => id)).toEqual(expected);
  });

  it("come to an end where thousands began in the same millisecond", async () => {
    const startedAt = Date.UTC(2026, 6, 1);
    const many = Array.from({ length: 6_000 }, () => record({ startedAt }));
    const ledger = filled(place, [record({ startedAt: startedAt - 1, tool: "codex" }), ...many]);
    expect((await everyPage(ledger, { tool: "codex" }, 10)).length).toBe(1);
    expect((await everyPage(ledger, {}, 1000)).length).toBe(6_001);
  });

  it("are not told twice or left out where others come in between two pages", async () => {
    const ledger = filled(place, records);
    const first = await ledger.requests({ limit: 50 });
    ledger.append(record({ startedAt: Date.UTC(2026, 6, 2) }));
    ledger.flush();
    const { next } = first;
    const second = await ledger.requests({ limit: 200, ...(next ? { before: next } : {}) });
    expect([...first.requests, ...second.requests].map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
  });
});

describe("a scope", () => {
  it("is every one that a request counts in, and no other", () => {
    expect(scopesOf(full).map(({ kind, name }) => `${kind}:${name}`)).toEqual([
      "all:",
      "gatewayKey:ci",
      "provider:openai",
      "model:openai/gpt-small",
      "workspace:/w",
      "tool:codex",
      "label:team=web",
      "label:bucket=b",
    ]);
    expect(scopesOf(bare).map(({ kind }) => kind)).toEqual(["all", "extension"]);
  });
});
