// npm run bench ledger [ROWS]: what the ledger costs a request, and how long its sums and pages take when it is
// large (a million rows unless told otherwise). Prints one table.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const rows = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
const DAY = 86_400_000;

async function ledgerModule() {
  const outfile = join(folder, "ledger.mjs");
  await build({
    stdin: {
      contents: `export { Ledger } from "./src/engine/ledger/ledger"; export { periodRange } from "./src/core/governance/period";`,
      resolveDir: new URL("..", import.meta.url).pathname,
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  return import(pathToFileURL(outfile).href);
}

const { Ledger, periodRange } = await ledgerModule();
const log = { error: console.error, warn: console.error, info() {}, debug() {} };
const now = Date.now();
const models = ["gpt-5.4", "gpt-5.4-mini", "claude-sonnet-5", "claude-haiku-4-5", "gemini-3-pro", "qwen3"];
const tools = ["claude-code", "codex", "openai-python"];
let count = 0;

/** A year of a person's requests: three workspaces, four gateway keys, six models. */
function record(startedAt) {
  count += 1;
  const model = models[count % models.length];
  return {
    id: `req_${count.toString(16).padStart(24, "0")}`,
    startedAt,
    durationMs: 4321,
    firstByteMs: 812,
    caller: {
      kind: "gatewayKey",
      name: `key-${count % 4}`,
      labels: { team: "web" },
      workspace: {
        folder: `/home/me/project-${count % 3}`,
        remote: "https://example.com/me/project.git",
        branch: "main",
      },
    },
    tool: tools[count % tools.length],
    operation: "chat",
    protocolIn: "chat",
    protocolOut: "chat",
    modelAsked: `provider-${count % 3}/${model}`,
    provider: `provider-${count % 3}`,
    model,
    modelAnswered: `${model}-2026-01-01`,
    credential: "default",
    attempts: [
      {
        provider: `provider-${count % 3}`,
        model,
        credential: "default",
        startMs: 1,
        durationMs: 4320,
        status: 200,
      },
    ],
    status: 200,
    outcome: "answered",
    usage: { inputTokens: 21_345, cachedInputTokens: 18_000, outputTokens: 512, reasoningTokens: 300 },
    usageBasis: "reported",
    cost: { microUsd: 21_345, basis: "reported", priceSource: "catalogue 2026-11-10" },
    dropped: [],
  };
}

/** @returns the median and the worst of some runs, in milliseconds */
function timed(work, runs = 50) {
  const times = Array.from({ length: runs }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  }).sort((one, other) => one - other);
  return [times[Math.floor(runs / 2)], times.at(-1)];
}

/** CPU time of the process since it was last asked, in µs: what other programs do meanwhile is not in it. */
let usedBefore = 0;
function cpuMicros() {
  const { user, system } = process.cpuUsage();
  const used = user + system;
  const since = used - usedBefore;
  usedBefore = used;
  return since;
}

const results = [];
const show = (name, value) => results.push(`| ${name} | ${value} |`);
const ms = ([median, worst]) => `${median.toFixed(2)} ms, at worst ${worst.toFixed(1)} ms`;

try {
  const ledger = new Ledger({ folder, log });
  let began;
  cpuMicros();
  for (let index = 0; index < rows; index += 1) {
    ledger.append(record(now - Math.floor(((rows - index) / rows) * 365 * DAY)));
    if (index % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  ledger.flush();
  show("a row, spread over a year", `${(cpuMicros() / rows).toFixed(1)} µs of CPU`);
  const bytes = statSync(join(folder, "ledger.sqlite")).size;
  show(
    `${rows.toLocaleString("en")} rows`,
    `${Math.round(bytes / 1024 / 1024)} MB, ${Math.round(bytes / rows)} bytes each`,
  );

  const burst = 100_000;
  cpuMicros();
  for (let index = 0; index < burst; index += 1) ledger.append(record(now));
  ledger.flush();
  show("a row, many in the same quarter of an hour", `${(cpuMicros() / burst).toFixed(1)} µs of CPU`);

  const alone = 2_000;
  cpuMicros();
  for (let index = 0; index < alone; index += 1) {
    ledger.append(record(Date.now()));
    ledger.flush();
  }
  show("a row, each written by itself", `${(cpuMicros() / alone).toFixed(1)} µs of CPU`);

  const scopes = [
    { kind: "all", name: "" },
    { kind: "gatewayKey", name: "key-1" },
    { kind: "workspace", name: "/home/me/project-1" },
  ];
  const reserve = (index) => {
    const { usage, usageBasis, cost, durationMs, attempts, status, outcome, dropped, ...beginning } = record(
      Date.now(),
    );
    const held = { requests: 1, inputTokens: 1, outputTokens: 1, microUsd: 1, premiumMilli: 0 };
    ledger.transaction((spend) => {
      for (const scope of scopes) {
        const range = periodRange(index % 2 ? "month" : "day", Date.now());
        spend.spent(scope, range);
        spend.held(scope, range);
      }
      spend.hold({ record: beginning, held, sent: true });
    });
    return beginning.id;
  };
  cpuMicros();
  const ids = Array.from({ length: alone }, (_, index) => reserve(index));
  show("a decision over three budgets, 2,000 running", `${(cpuMicros() / alone).toFixed(1)} µs of CPU`);
  for (const id of ids) ledger.released(id);
  ledger.flush();
  cpuMicros();
  for (let index = 0; index < alone; index += 1) ledger.released(reserve(index));
  show("a decision over three budgets, one running", `${(cpuMicros() / alone).toFixed(1)} µs of CPU`);
  ledger.flush();

  const everything = scopes[0];
  show("today's totals", ms(timed(() => ledger.totals(everything, periodRange("day", now)))));
  show("this month's totals", ms(timed(() => ledger.totals(everything, periodRange("month", now)))));
  show("totals of all time", ms(timed(() => ledger.totals(everything, periodRange("total", now)))));
  show("today and this month, for the status", ms(timed(() => ledger.usageToday())));
  show("this month by model", ms(timed(() => ledger.breakdown("model", periodRange("month", now)))));
  for (const [name, query] of [
    ["the latest 50 requests", { limit: 50 }],
    ["the latest 50 of a gateway key", { limit: 50, filter: { gatewayKey: "key-2" } }],
    ["all of a tool that was never used", { limit: 50, filter: { tool: "none" } }],
  ]) {
    began = performance.now();
    await ledger.requests(query);
    show(name, `${(performance.now() - began).toFixed(1)} ms`);
  }
  ledger.close();
  began = performance.now();
  new Ledger({ folder, log }).close();
  show("opening and closing", `${(performance.now() - began).toFixed(1)} ms`);
  console.log(`Node ${process.version}\n\n| | |\n| --- | --- |\n${results.join("\n")}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
