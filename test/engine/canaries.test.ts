import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineProvider } from "../../src/core/config/engineConfig";
import { PAID_PROBES } from "../../src/core/diagnosis/probes";
import { Engine, EngineClient, engineConfig, newHome, startGateway } from "../support/engine";
import { cliFile, Gateway, run, temporaryFolder } from "../support/gateway";
import { PATH, type Protocol } from "../support/recordings";
import { type Player, ReplayProvider, stream } from "../support/replayProvider";
import { eventually } from "../support/waiting";
import { program } from "../support/windowCredentials";

/** One for each kind of secret, told apart by their names. */
const CANARY = {
  apiKey: "canary-api-key-5e1f",
  poolOne: "canary-pool-one-77aa",
  poolTwo: "canary-pool-two-88bb",
  bearer: "canary-bearer-token-99cc",
  header: "canary-header-value-11dd",
  extra: "canary-printed-token-22ee",
  stderr: "canary-program-stderr-33ff",
  variable: "canary-variable-44aa",
  gatewayKey: "canary-gateway-key-55bb",
  otherGatewayKey: "canary-gateway-key-66cc",
};
const PROMPT = "canary-prompt-of-a-person";
const ANSWER = "canary-answer-of-a-model";

/** What is quoted back: every credential that came, in the body and in a header. */
const quoting =
  (status: number): Player =>
  async ({ response, body, headers }) => {
    await body;
    const all = ["authorization", "x-api-key", "api-key", "x-own"].map((name) => headers[name]).join(" ");
    response.writeHead(status, { "content-type": "application/json", "x-quoted": all });
    response.end(JSON.stringify({ error: { message: `refused: ${all}`, type: "authentication_error" } }));
  };
const quotingStream: Player = async (exchange) => {
  await exchange.body;
  const { authorization, "x-api-key": key } = exchange.headers;
  const error = { message: `refused: ${authorization} ${key}`, type: "authentication_error" };
  await stream([`event: error\ndata: ${JSON.stringify({ type: "error", error })}\n\n`])(exchange);
};
const answering: Player = async ({ response, body }) => {
  await body;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      id: "x",
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: ANSWER }],
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: ANSWER } }],
    }),
  );
};
const cutting: Player = async ({ response, body, socket }) => {
  await body;
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"id":');
  socket.destroySoon();
};
const vanishing: Player = ({ socket }) => socket.destroy();

let provider: ReplayProvider;
beforeAll(async () => {
  provider = await ReplayProvider.start(answering);
});
afterAll(() => provider?.stop());

const PROVIDERS = ["plain", "claude", "bearer", "pooled", "headed"];

/** Everything that a client can be made to see, of every provider in every protocol, whatever the provider does. */
async function everythingSeen(url: string, key: string): Promise<string> {
  const seen: string[] = [];
  const players = [
    answering,
    quoting(401),
    quoting(400),
    quoting(500),
    quoting(200),
    quotingStream,
    cutting,
    vanishing,
  ];
  for (const play of players) {
    provider.play = play;
    for (const id of PROVIDERS)
      for (const protocol of ["chat", "messages", "responses"] as Protocol[]) {
        const content =
          protocol === "responses" ? { input: PROMPT } : { messages: [{ role: "user", content: PROMPT }] };
        const body = { model: `${id}/model-a`, ...content, max_tokens: 9, stream: play === quotingStream };
        const answer = await fetch(`${url}${PATH[protocol]}`, {
          method: "POST",
          headers: { authorization: `Bearer ${key}` },
          body: JSON.stringify(body),
        });
        seen.push(JSON.stringify([...answer.headers]), await answer.text().catch(() => "broken off"));
      }
  }
  provider.play = answering;
  for (const [path, sent] of [
    ["/v1/models", key],
    ["/v1/models", `${key}x`],
    ["/nowhere", key],
    ["/health", key],
  ] as const) {
    const answer = await fetch(url + path, { headers: { "x-api-key": sent } });
    seen.push(JSON.stringify([...answer.headers]), await answer.text());
  }
  const broken = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "x-api-key": key },
    body: `{"model":"plain/model-a","messages":[{"content":"${PROMPT}`,
  });
  seen.push(await broken.text());
  return seen.join("\n");
}

function filesIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => `${name}\n${readFileSync(join(folder, name), "latin1")}`)
    .join("\n");
}

function processText(pid: number | undefined, file: "cmdline" | "environ"): string {
  return process.platform === "linux" ? readFileSync(`/proc/${pid}/${file}`, "latin1") : "";
}

const canariesIn = (text: string, ...more: string[]) =>
  [...Object.values(CANARY), ...more].filter((canary) => text.includes(canary));

const key = (value: string) => ({ kind: "apiKey" as const, value });

function providers(): EngineProvider[] {
  const config = {
    type: "openai" as const,
    wireApi: "completions" as const,
    baseUrl: provider.url,
    enabled: true,
    models: [{ id: "model-a" }],
  };
  return [
    { config: { ...config, id: "plain" }, credential: key(CANARY.apiKey) },
    { config: { ...config, id: "claude", type: "anthropic" }, credential: key(CANARY.variable) },
    { config: { ...config, id: "bearer" }, credential: { kind: "bearerToken", value: CANARY.bearer } },
    {
      config: { ...config, id: "pooled" },
      credential: key(CANARY.poolOne),
      pool: [
        { label: "one", credential: key(CANARY.poolOne) },
        { label: "two", credential: key(CANARY.poolTwo) },
      ],
    },
    {
      config: { ...config, id: "headed", headers: { "x-own": `Scheme ${CANARY.header}` } },
      credential: key(CANARY.extra),
    },
  ];
}

describe("no secret of any kind is found", () => {
  it("around an engine: answers, log at every level, files, statuses, verdicts, arguments, environment", {
    timeout: 60_000,
  }, async () => {
    const home = newHome();
    const engine = new Engine(home);
    const client = await EngineClient.join(home);
    try {
      const keys = [
        { name: "test", key: CANARY.gatewayKey },
        { name: "other", key: CANARY.otherGatewayKey, enabled: false },
      ];
      const config = engineConfig(provider.url, { providers: providers() });
      const url = await startGateway(client, { ...config, gateway: { ...config.gateway, keys } });
      const seen = await everythingSeen(url, CANARY.gatewayKey);
      await fetch(`${url}/v1/models`, { headers: { "x-api-key": CANARY.otherGatewayKey } });
      expect(seen).toContain(ANSWER);
      expect(seen).toContain("refused: Bearer [redacted]");
      expect(canariesIn(seen)).toEqual([]);

      const verdicts: unknown[] = [];
      for (const play of [quoting(401), quoting(200), vanishing]) {
        provider.play = play;
        for (const one of providers()) {
          verdicts.push(await client.request("testProvider", one));
          for (const probe of PAID_PROBES)
            verdicts.push(
              await client.request("runProbe", { provider: one, probe, model: "model-a" }).catch(String),
            );
        }
        for (const id of PROVIDERS)
          verdicts.push(await client.request("refreshModels", { providerId: id }).catch(String));
      }
      provider.play = answering;
      const { token } = await client.request("chatAccess", {});
      verdicts.push(await client.request("diagnose", {}));
      const told = JSON.stringify([
        verdicts,
        client.statuses,
        client.log,
        await client.request("status", {}),
      ]);
      expect(client.log.join("\n")).toContain('the gateway key "other" was sent, but is disabled');
      const { pid } = engine.process;
      expect(processText(pid, "cmdline")).toContain("engine.js");
      const system = processText(pid, "cmdline") + processText(pid, "environ");
      await engine.end("SIGTERM");
      const files = filesIn(home.dataDir);
      expect(files).toContain("model-a");
      for (const text of [told, system, files, engine.stderr])
        expect(canariesIn(text, home.token, token, PROMPT, ANSWER)).toEqual([]);
    } finally {
      client.close();
      await engine.end();
      home.remove();
    }
  });

  it("around the headless program: the same, and what a program prints that is run for a token", {
    timeout: 60_000,
  }, async () => {
    const folder = temporaryFolder();
    const dataDir = join(folder.path, "data");
    const script = `console.error('${CANARY.stderr}'); console.log('${CANARY.extra}')`;
    const entry = { type: "openai", baseUrl: provider.url, models: [{ id: "model-a" }] };
    const config = {
      providers: [
        { ...entry, id: "plain", apiKey: CANARY.apiKey },
        { ...entry, id: "claude", type: "anthropic", apiKey: "${env:CANARY_VARIABLE}" },
        { ...entry, id: "bearer", bearerToken: CANARY.bearer },
        {
          ...entry,
          id: "pooled",
          credentials: [
            { kind: "env", name: "POOL_ONE" },
            { kind: "env", name: "POOL_TWO" },
          ],
        },
        {
          ...entry,
          id: "headed",
          headers: { "x-own": `Scheme ${CANARY.header}` },
          credentials: [{ kind: "command", command: program(script) }],
        },
      ],
      gateway: { keys: [{ name: "test", key: CANARY.gatewayKey }] },
    };
    const env = { CANARY_VARIABLE: CANARY.variable, POOL_ONE: CANARY.poolOne, POOL_TWO: CANARY.poolTwo };
    const gateway = await Gateway.start({ ...config, dataDir, args: ["--allow-commands"], env });
    try {
      const seen = await everythingSeen(gateway.url, CANARY.gatewayKey);
      expect(seen).toContain(ANSWER);
      expect(canariesIn(seen)).toEqual([]);
      expect(canariesIn(processText(gateway.process.pid, "cmdline"))).toEqual([]);
      await gateway.stop();
      expect(gateway.stderr).toContain("provider");
      for (const text of [gateway.stdout, gateway.stderr, filesIn(dataDir)])
        expect(canariesIn(text, PROMPT, ANSWER)).toEqual([]);

      const file = join(folder.path, "check.json");
      writeFileSync(file, JSON.stringify(config));
      for (const play of [quoting(401), quoting(200), vanishing]) {
        provider.play = play;
        const checked = await run(
          process.execPath,
          [cliFile, "check", "--config", file, "--allow-commands"],
          env,
        );
        expect(checked.stdout).toContain("headed");
        expect(canariesIn(checked.stdout + checked.stderr)).toEqual([]);
      }
      // A fault in the file is told without what stands there.
      writeFileSync(
        file,
        JSON.stringify({
          ...config,
          providers: [{ ...entry, id: "a b", apiKey: CANARY.apiKey, apikey: CANARY.bearer }],
        }),
      );
      const faulty = await run(process.execPath, [cliFile, "check", "--config", file], env);
      expect([faulty.code, canariesIn(faulty.stdout + faulty.stderr)]).toEqual([2, []]);
      writeFileSync(file, `{"providers":[{"id":"x","apiKey":"${CANARY.apiKey}" "oops"}]}`);
      const unreadable = await run(process.execPath, [cliFile, "check", "--config", file], env);
      expect([unreadable.code, canariesIn(unreadable.stdout + unreadable.stderr)]).toEqual([2, []]);
    } finally {
      await gateway.stop();
      folder.remove();
    }
  });
});

describe("a crash", () => {
  /** Loaded before the program, as a fault of its own would be: thrown where nobody catches it. */
  const preload = (folder: string, how: string) => {
    const file = join(folder, "crash.cjs");
    const error = `Object.assign(new TypeError('message ${CANARY.apiKey}'), { key: '${CANARY.bearer}', code: 'E_TEST', cause: new Error('${CANARY.variable}') })`;
    writeFileSync(
      file,
      `setTimeout(() => { ${how === "thrown" ? `throw ${error}` : `void Promise.reject(${how === "rejected" ? error : `'${CANARY.apiKey}'`})`} }, 700);`,
    );
    return file;
  };

  it.each(["thrown", "rejected", "rejected with a text"])(
    "%s leaves its class, code and place, and no secret",
    async (how) => {
      const home = newHome();
      const folder = temporaryFolder();
      const required = ["--require", preload(folder.path, how)];
      const config = join(folder.path, "postern.json");
      writeFileSync(config, JSON.stringify({ gateway: { port: 0 } }));
      const engineFile = cliFile.replace(/cli\.js$/, "engine.js");
      const boot = JSON.stringify({ token: home.token, pipePath: home.pipePath, dataDir: home.dataDir });
      const [engine, program] = await Promise.all([
        run(process.execPath, [...required, engineFile], {}, `${boot}\n`),
        run(process.execPath, [...required, cliFile, "serve", "--config", config]),
      ]);
      for (const [{ code, stderr }, who] of [
        [engine, "the engine"],
        [program, "postern"],
      ] as const) {
        expect(code).toBe(1);
        if (how === "rejected with a text") expect(stderr).toContain(`${who} failed: `);
        else {
          expect(stderr).toContain(`${who} failed: TypeError E_TEST\n    at `);
          expect(stderr).toContain("crash.cjs");
        }
        expect(canariesIn(stderr, home.token)).toEqual([]);
      }
      // The pipe of a crashed engine does not keep the next one out.
      const next = new Engine(home);
      const client = await eventually(() => EngineClient.join(home), "the next engine");
      client.close();
      await next.end();
      folder.remove();
      home.remove();
    },
  );
});
