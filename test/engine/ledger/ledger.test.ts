import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { ALL_TIME, periodRange } from "../../../src/core/governance/period";
import type { RequestRecord } from "../../../src/core/governance/requestRecord";
import { EVERYTHING, NO_TOTALS } from "../../../src/core/governance/spend";
import { Ledger } from "../../../src/engine/ledger/ledger";
import { EngineLog } from "../../../src/engine/log/log";
import { temporaryFolder } from "../../support/gateway";
import { caller, record } from "../../support/records";

const folder = temporaryFolder();
const ledgers: Ledger[] = [];
let folders = 0;

afterEach(() => {
  for (const ledger of ledgers.splice(0)) ledger.close();
});
afterAll(() => folder.remove());

function newFolder(): string {
  folders += 1;
  return join(folder.path, String(folders));
}

function open(path: string | undefined, options: { now?: () => number; log?: EngineLog } = {}): Ledger {
  const ledger = new Ledger({ folder: path, log: options.log ?? new EngineLog(Date.now), ...options });
  ledgers.push(ledger);
  return ledger;
}

function reopened(ledger: Ledger, path: string): Ledger {
  ledger.close();
  ledgers.splice(ledgers.indexOf(ledger), 1);
  return open(path);
}

/** A record with everything in it that a record can have. */
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
  ])("is read as it was written: %s", async (_, written) => {
    const path = newFolder();
    const first = open(path);
    first.append(written);
    expect(first.request(written.id)).toEqual(written);
    first.flush();
    expect(first.request(written.id)).toEqual(written);
    const second = reopened(first, path);
    expect(second.request(written.id)).toEqual(written);
    expect(await second.requests({ limit: 10 })).toEqual({ requests: [written] });
  });

  it("is read from memory where there is no folder", async () => {
    const ledger = open(undefined);
    ledger.append(full);
    expect(ledger.request(full.id)).toEqual(full);
    expect(ledger.totals(EVERYTHING, ALL_TIME)).toMatchObject({
      requests: 1,
      inputTokens: 100,
      microUsd: 25,
    });
    expect(ledger.status()).toMatchObject({ kept: "memory", notices: [] });
  });
});
