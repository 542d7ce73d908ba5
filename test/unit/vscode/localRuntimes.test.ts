import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { foundryStatus, lmStudioStatus, ollamaOrigin } from "../../../src/core/providers/runtimes";
import { startCommand } from "../../../src/vscode/render/localServers";
import { LocalRuntimes, type LocalServer } from "../../../src/vscode/runtimes/localRuntimes";
import { askLoopback } from "../../../src/vscode/runtimes/loopback";
import { askProgram, findProgram } from "../../../src/vscode/runtimes/programs";
import {
  type Answers,
  type FakeRuntime,
  lmStudioAnswers,
  ollamaAnswers,
  openAiListAnswers,
  startFakeRuntime,
  writeFakeProgram,
} from "../../support/fakeRuntimes";
import { freePort } from "../../support/freePort";

const never = new AbortController().signal;
const OLD_STOPPED =
  "🔴 Model management service is not running!\nTo start the service, run the following command: foundry service start";
const oldRunning = (origin: string) =>
  `🟢 Model management service is running on ${origin}/openai/status\nEP autoregistration status: Successfully downloaded and registered the following EPs: X.`;
const newStatus = (...webUrls: string[]) =>
  JSON.stringify({ running: webUrls.length > 0, state: webUrls.length > 0 ? "ready" : "stopped", webUrls });

let home: string;
let bin: string;
const servers: FakeRuntime[] = [];

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), "postern-runtimes-"));
  bin = path.join(home, "bin");
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await rm(home, { recursive: true, force: true });
});

async function serve(answers: Answers): Promise<FakeRuntime> {
  const server = await startFakeRuntime(answers);
  servers.push(server);
  return server;
}

/** A machine on which nothing runs at the usual ports but what is named. */
async function machine(
  ports: Record<string, number> = {},
  environment: Record<string, string> = {},
): Promise<LocalRuntimes> {
  const nowhere = await freePort();
  const usual = { ollama: nowhere, lmstudio: nowhere, vllm: nowhere, llamacpp: nowhere };
  // What is really installed on the machine that tests must not be found.
  const seen: Record<string, string> = { PATH: bin, ...environment };
  return new LocalRuntimes({
    platform: "linux",
    home,
    environment: (name) => seen[name],
    variables: { PATH: "/usr/bin:/bin" },
    ports: { ...usual, ...ports },
  });
}

async function found(runtimes: LocalRuntimes): Promise<LocalServer[]> {
  const all: LocalServer[] = [];
  await runtimes.discover((server) => all.push(server), never);
  return all.sort((one, other) => one.presetId.localeCompare(other.presetId));
}

// The fake programs are shell scripts.
describe.skipIf(process.platform === "win32")("discovery", () => {
  test("finds every server that runs, by what it answers, with its models, and sends no key", async () => {
    const ollama = await serve(ollamaAnswers("qwen3:8b", "llama3.2:latest"));
    const lmstudio = await serve(lmStudioAnswers("gemma-3"));
    const vllm = await serve(openAiListAnswers("vllm", "Qwen/Qwen3"));
    const llamacpp = await serve(openAiListAnswers("llamacpp", "qwen.gguf"));
    const foundry = await serve(openAiListAnswers("Microsoft", "phi-4-mini"));
    await writeFakeProgram(bin, "foundry", { "service status": oldRunning(foundry.origin) });
    const ports = {
      ollama: ollama.port,
      lmstudio: lmstudio.port,
      vllm: vllm.port,
      llamacpp: llamacpp.port,
    };
    const local = (port: number) => `http://localhost:${port}/v1`;
    expect(await found(await machine(ports))).toEqual([
      {
        state: "running",
        presetId: "foundry-local",
        baseUrl: `${foundry.origin}/v1`,
        models: ["phi-4-mini"],
      },
      { state: "running", presetId: "llamacpp", baseUrl: local(llamacpp.port), models: ["qwen.gguf"] },
      { state: "running", presetId: "lmstudio", baseUrl: local(lmstudio.port), models: ["gemma-3"] },
      {
        state: "running",
        presetId: "ollama",
        baseUrl: local(ollama.port),
        models: ["qwen3:8b", "llama3.2:latest"],
      },
      { state: "running", presetId: "vllm", baseUrl: local(vllm.port), models: ["Qwen/Qwen3"] },
    ]);
    for (const { headers } of servers.flatMap(({ asked }) => asked)) {
      expect(Object.keys(headers).sort()).toEqual(["accept", "connection", "host"]);
    }
  });

  test("takes nobody else's server at those ports for one of these", async () => {
    const page = await serve({ "/": "<html>my app</html>", "/v1/models": "<html>my app</html>" });
    const other = await serve(openAiListAnswers("somebody", "m"));
    const ports = { ollama: page.port, lmstudio: other.port, vllm: other.port, llamacpp: page.port };
    expect(await found(await machine(ports))).toEqual([]);
  });

  test("says of what is installed but does not run how it is started", async () => {
    await writeFakeProgram(bin, "ollama", {});
    await writeFakeProgram(path.join(home, ".lmstudio", "bin"), "lms", {
      "server status --json --quiet": '{"running":false,"port":1234}',
    });
    await writeFakeProgram(bin, "foundry", { "service status": OLD_STOPPED });
    expect(await found(await machine())).toEqual([
      { state: "stopped", presetId: "foundry-local", program: "foundry", start: ["service", "start"] },
      {
        state: "stopped",
        presetId: "lmstudio",
        program: path.join(home, ".lmstudio", "bin", "lms"),
        start: ["server", "start"],
      },
      { state: "stopped", presetId: "ollama", program: "ollama", start: ["serve"] },
    ]);
  });

  test("finds Ollama where OLLAMA_HOST says, and LM Studio where its own program says", async () => {
    const ollama = await serve(ollamaAnswers("m"));
    const lmstudio = await serve(lmStudioAnswers("n"));
    await writeFakeProgram(bin, "lms", {
      "server status --json --quiet": `{"running":true,"port":${lmstudio.port}}`,
    });
    const runtimes = await machine({}, { OLLAMA_HOST: `0.0.0.0:${ollama.port}` });
    expect(await found(runtimes)).toMatchObject([
      { presetId: "lmstudio", baseUrl: `http://127.0.0.1:${lmstudio.port}/v1` },
      { presetId: "ollama", baseUrl: `http://127.0.0.1:${ollama.port}/v1` },
    ]);
  });

  test("asks newer versions of Foundry Local in their own words", async () => {
    const foundry = await serve(openAiListAnswers("Microsoft"));
    await writeFakeProgram(bin, "foundry", { "server status -o json": newStatus(foundry.origin) });
    const runtimes = await machine();
    expect(await runtimes.locate("foundry-local", never)).toEqual({
      state: "running",
      presetId: "foundry-local",
      baseUrl: `${foundry.origin}/v1`,
      models: [],
    });
    await writeFakeProgram(bin, "foundry", { "server status -o json": newStatus() });
    expect(await runtimes.locate("foundry-local", never)).toMatchObject({
      state: "stopped",
      start: ["server", "start"],
    });
  });

  test("does not believe Foundry Local that it runs where nothing answers, or elsewhere", async () => {
    const runtimes = await machine();
    await writeFakeProgram(bin, "foundry", {
      "service status": oldRunning(`http://127.0.0.1:${await freePort()}`),
    });
    expect(await runtimes.locate("foundry-local", never)).toMatchObject({ state: "stopped" });
    await writeFakeProgram(bin, "foundry", { "service status": oldRunning("http://evil.example:80") });
    expect(await runtimes.locate("foundry-local", never)).toMatchObject({ state: "stopped" });
  });

  test("ends when it is left, and a program that hangs with it", async () => {
    await writeFakeProgram(bin, "foundry", {});
    await writeFile(path.join(bin, "foundry"), "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
    const ended = new AbortController();
    const reports: LocalServer[] = [];
    const discovery = (await machine()).discover((server) => reports.push(server), ended.signal);
    setTimeout(() => ended.abort(), 50);
    await discovery;
    expect(reports).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("programs", () => {
  const host = () => ({
    platform: "linux" as const,
    home,
    environment: (name: string) => (name === "PATH" ? `.:relative:${bin}` : undefined),
    variables: {},
  });

  test("in the open folder are never found", async () => {
    const cwd = process.cwd();
    await writeFakeProgram(path.join(home, "workspace"), "foundry", {});
    process.chdir(path.join(home, "workspace"));
    try {
      expect(await findProgram("foundry", host())).toBeUndefined();
    } finally {
      process.chdir(cwd);
    }
  });

  test("get none of the variables that may hold a secret", async () => {
    await writeFakeProgram(bin, "foundry", { "service status": OLD_STOPPED });
    const variables = {
      PATH: "/usr/bin:/bin",
      HOME: home,
      OPENAI_API_KEY: "sk-canary",
      HF_TOKEN: "hf_canary",
      AWS_SECRET_ACCESS_KEY: "canary",
    };
    await askProgram(path.join(bin, "foundry"), ["service", "status"], { ...host(), variables }, never);
    const log = await readFile(path.join(bin, "foundry.log"), "utf8");
    expect(log).toContain("HOME");
    expect(log).not.toMatch(/OPENAI_API_KEY|HF_TOKEN|SECRET/);
  });
});

test("only this machine is asked, and a redirect is not followed", async () => {
  const target = await serve({ "/v1/models": { data: [] } });
  expect(await askLoopback(`http://192.0.2.1:${target.port}/v1/models`, never)).toBeUndefined();
  expect(await askLoopback(`https://localhost:${target.port}/`, never)).toBeUndefined();
  expect((await askLoopback(`${target.origin}/nowhere`, never))?.status).toBe(404);
  expect(target.asked.map((asked) => asked.path)).toEqual(["/nowhere"]);
});

test.each([
  [oldRunning("http://127.0.0.1:63309"), { kind: "running", origin: "http://127.0.0.1:63309" }],
  [
    "🟢 Service is Started on http://127.0.0.1:59092/, PID 47804!",
    { kind: "running", origin: "http://127.0.0.1:59092" },
  ],
  [OLD_STOPPED, { kind: "stopped" }],
  [
    "● error: Unrecognized command or argument 'service'.\nHint: Run 'foundry --help' to see usage.",
    { kind: "unknown" },
  ],
  [newStatus("http://127.0.0.1:52364"), { kind: "running", origin: "http://127.0.0.1:52364" }],
  [
    `Loading…\n${newStatus("http://127.0.0.1:52364")}\n`,
    { kind: "running", origin: "http://127.0.0.1:52364" },
  ],
  [
    '{"running":false,"state":"ready","webUrls":["http://127.0.0.1:5"]}',
    { kind: "running", origin: "http://127.0.0.1:5" },
  ],
  [newStatus(), { kind: "stopped" }],
  [
    "State    Ready\nPID      29056\nWeb URLs http://127.0.0.1:52364",
    { kind: "running", origin: "http://127.0.0.1:52364" },
  ],
  [newStatus("http://192.0.2.1:80"), { kind: "stopped" }],
  ["", { kind: "unknown" }],
  ["{not json}", { kind: "unknown" }],
])("Foundry Local's status is read: %j", (output, status) => {
  expect(foundryStatus(output)).toEqual(status);
});

test.each([
  ['{"running":true,"port":1234}', { kind: "running", origin: "http://127.0.0.1:1234" }],
  ['{"running":true,"port":"x"}', { kind: "stopped" }],
  ['{"running":false}', { kind: "stopped" }],
  ["The server is running on port 1234.", { kind: "unknown" }],
])("LM Studio's status is read: %j", (output, status) => {
  expect(lmStudioStatus(output)).toEqual(status);
});

test.each([
  ["", undefined],
  ["127.0.0.1", "http://127.0.0.1:11434"],
  ["0.0.0.0", "http://127.0.0.1:11434"],
  ["localhost:8123", "http://localhost:8123"],
  [":8123", "http://127.0.0.1:8123"],
  ["http://127.0.0.1:8123/", "http://127.0.0.1:8123"],
  ["http://gpu-box:11434", undefined],
  ["https://ollama.example.com", undefined],
])("OLLAMA_HOST=%j is %s", (host, origin) => {
  expect(ollamaOrigin(host)).toBe(origin);
});

test.each([
  ["ollama", "linux", "ollama serve"],
  ["/home/o'neil/.lmstudio/bin/lms", "linux", "'/home/o'\\''neil/.lmstudio/bin/lms' serve"],
  ["C:\\Users\\o'neil\\lms.exe", "win32", "& 'C:\\Users\\o''neil\\lms.exe' serve"],
] as const)("the terminal starts %s on %s", (program, platform, command) => {
  expect(startCommand({ program, start: ["serve"] }, platform)).toBe(command);
});
