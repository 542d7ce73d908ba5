// npm run bench: direct, a bare Node pipe and the gateway, measured in turn in one run. Read the ratios; absolute
// figures belong to the machine. Give a number to repeat each round that often (default 3; medians are printed), and
// after it a part of a measurement's name to have only those (`npm run bench -- 5 "20 MB"`).
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measures } from "./load.mjs";

const rounds = Number(process.argv[2] ?? 3);
const wanted = process.argv[3] ?? "";
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "postern-bench-"));
const children = [];
// Where it can be done, what is measured gets a core of its own and the load shares another with the provider.
const pinned = process.platform === "linux" && existsSync("/usr/bin/taskset") && cpus().length >= 2;

function start(args, core, env = {}) {
  const command = [process.execPath, ...args];
  const [file, ...rest] = pinned ? ["/usr/bin/taskset", "-c", String(core), ...command] : command;
  const child = spawn(file, rest, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.stdout.once("data", (line) => resolve({ url: new URL(JSON.parse(line).url), pid: child.pid }));
    child.once("exit", (code) => reject(new Error(`${args[0]} exited with ${code}`)));
  });
}

/** CPU time of a process in ms, where the system tells. */
function cpuMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/** Memory of a process now, in MB, where the system tells. */
function memoryMb(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** Highest memory a process has had, in MB, where the system tells. */
function peakMb(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** How long each target gets requests before it is measured. */
const WARM_UP_MS = 5_000;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function targets() {
  const key = "bench-gateway-key";
  const provider = await start([here("provider.mjs")], 1);
  const pipe = await start([here("pipe.mjs"), provider.url.href], 0);
  const config = join(folder, "postern.json");
  const models = ["small", "events-5", "events-2000", "events-200", "events-50", "held"].map((id) => ({
    id,
  }));
  const shared = { apiKey: "bench-provider-key", models };
  const providers = [
    { ...shared, id: "bench", type: "openai", baseUrl: `${provider.url.href}v1` },
    { ...shared, id: "messages", type: "anthropic", baseUrl: provider.url.href },
  ];
  const gateway = { keys: [{ name: "bench", key }], maxRunning: 5000 };
  writeFileSync(config, JSON.stringify({ providers, gateway, dataDir: folder }));
  const postern = await start([here("../dist/cli.js"), "serve", "--config", config, "--port", "0"], 0);
  const model = (name) => name;
  const shares = { key, provider: provider.url };
  return {
    direct: { ...shares, ...provider, model },
    pipe: { ...shares, ...pipe, model },
    gateway: { ...shares, ...postern, model: (name) => `bench/${name}` },
    // The same process: Chat Completions in, Messages out.
    translated: { ...shares, ...postern, model: (name) => `messages/${name}` },
  };
}

const plan = [
  {
    name: "latency p50, small request",
    unit: "µs",
    run: (t) => measures.latency(t, 2000),
    pick: [["p50", 1000]],
    lower: true,
  },
  { name: "latency p99, small request", unit: "µs", from: 0, pick: [["p99", 1000]], lower: true },
  { name: "requests/s, 64 clients", unit: "", run: (t) => measures.throughput(t, 64, 2500), cpu: "request" },
  {
    name: "first event of a stream, p50",
    unit: "µs",
    run: (t) => measures.firstEvent(t, 500),
    pick: [["p50", 1000]],
    lower: true,
  },
  { name: "events/s, 50 streams", unit: "", run: (t) => measures.events(t, 50, 2000) },
  { name: "events/s, 500 streams", unit: "", run: (t) => measures.events(t, 500, 200) },
  { name: "events/s, 2,000 streams", unit: "", run: (t) => measures.events(t, 2000, 50) },
  {
    name: "client leaves until provider knows, p50",
    unit: "ms",
    run: (t) => measures.leaving(t, t.provider, 50),
    pick: [["p50", 1]],
    lower: true,
  },
  { name: "the same, longest", unit: "ms", from: 7, pick: [["most", 1]], lower: true },
  {
    name: "1 MB body, p50",
    unit: "ms",
    run: (t) => measures.largeBody(t, 1, 30),
    pick: [["p50", 1]],
    lower: true,
  },
  {
    name: "20 MB body, p50",
    unit: "ms",
    run: (t) => measures.largeBody(t, 20, 8),
    pick: [["p50", 1]],
    lower: true,
  },
];

/** A measurement that another one is read from is made for it. */
const isWanted = (index) =>
  plan.some((one, at) => one.name.includes(wanted) && (at === index || one.from === index));

async function main() {
  const all = await targets();
  const names = Object.keys(all);
  const results = plan.map(() => Object.fromEntries(names.map((name) => [name, []])));
  const open = {};
  for (const name of wanted === "" || "memory".startsWith(wanted) ? ["pipe", "gateway"] : []) {
    process.stderr.write(`2,000 open streams: ${name}\n`);
    open[name] = await measures.whileOpen(all[name], 2_000, () => memoryMb(all[name].pid));
  }
  // A gateway runs for hours: what V8 does to code in its first seconds is not what is asked.
  for (const name of names) {
    process.stderr.write(`warming up: ${name}\n`);
    await measures.throughput(all[name], 64, WARM_UP_MS);
    await measures.events(all[name], 50, 200);
  }
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, measure] of plan.entries()) {
      if (!measure.run || !isWanted(index)) continue;
      process.stderr.write(`round ${round} of ${rounds}: ${measure.name}\n`);
      for (const name of names) results[index][name].push(await measure.run(all[name]));
    }
  }
  console.log(
    `Node ${process.version}, ${cpus().length} cores, ${rounds} rounds, medians; ratios are to the pipe of the same run\n`,
  );
  console.log(
    "| | direct | pipe | gateway | translated | gateway / pipe | translated / pipe | added by pipe | by gateway |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const [index, measure] of plan.entries()) {
    if (!isWanted(index)) continue;
    const source = results[measure.from ?? index];
    const [field, scale] = measure.pick?.[0] ?? [];
    const value = Object.fromEntries(
      names.map((name) => [name, median(source[name].map((r) => (field ? r[field] * scale : r)))]),
    );
    const show = (number) =>
      `${number < 10 ? number.toFixed(2) : Math.round(number).toLocaleString("en")}${measure.unit ? ` ${measure.unit}` : ""}`;
    const ratios = ["gateway", "translated"].map((name) => (value[name] / value.pipe).toFixed(2));
    const added = measure.lower
      ? [show(value.pipe - value.direct), show(value.gateway - value.direct)]
      : ["", ""];
    console.log(
      `| ${measure.name} | ${names.map((name) => show(value[name])).join(" | ")} | ${ratios.join(" | ")} | ${added.join(" | ")} |`,
    );
  }
  if (open.pipe !== undefined)
    console.log(
      `\nmemory with 2,000 open streams: pipe ${Math.round(open.pipe ?? 0)} MB, gateway ${Math.round(open.gateway ?? 0)} MB`,
    );
  console.log(
    `peak memory: pipe ${Math.round(peakMb(all.pipe.pid) ?? 0)} MB, gateway ${Math.round(peakMb(all.gateway.pid) ?? 0)} MB`,
  );
  console.log(`CPU over the whole run: pipe ${cpuMs(all.pipe.pid)} ms, gateway ${cpuMs(all.gateway.pid)} ms`);
}

main()
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  })
  .finally(() => {
    for (const child of children) child.removeAllListeners("exit").kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
