import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Exported, exportedConfig } from "../../src/core/interchange/exported";
import { hashOfKey } from "../../src/vscode/secrets/keyMaterial";
import { cliFile, Gateway, run, temporaryFolder } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
const folder = temporaryFolder();
beforeAll(async () => {
  provider = await ReplayProvider.start(json({ object: "list", data: [{ id: "model-a" }] }));
});
afterAll(() => provider?.stop());

const key = (label: string, kind: "apiKey" | "bearerToken" = "apiKey") => ({ label, kind });

/** Settings may have keys in headers that only a company's own gateway knows. */
const HEADERS = {
  "X-Gateway-Key": "header-canary-1",
  "X-Upstream": "Bearer header-canary-2",
  "X-Trace": "on",
  "X-Auth": "Bearer ${env:NAMED_AUTH}",
};

function exported(): Exported {
  const at = { type: "openai", baseUrl: `${provider.url}/v1` };
  return exportedConfig({
    providers: [
      { id: "openai", ...at },
      { id: "two-keys", ...at },
      { id: "token", ...at },
      { id: "named", ...at, apiKey: "${env:NAMED_KEY}", headers: { "X-Team": "${env:TEAM}", ...HEADERS } },
      {
        id: "mixed",
        ...at,
        credentials: [
          { kind: "env", name: "MIXED_KEY", as: "apiKey" },
          { kind: "stored", label: "work" },
          { kind: "entra", label: "me" },
          { kind: "github" },
        ],
      },
      { id: "local", ...at, credentials: [{ kind: "none" }] },
      { id: "program", ...at, credentials: [{ kind: "command", command: ["echo", "printed"] }] },
    ],
    stored: new Map([
      ["openai", [key("key")]],
      ["two-keys", [key("work"), key("at home")]],
      ["token", [key("key"), key("token", "bearerToken")]],
      ["mixed", [key("work"), key("unused")]],
    ]),
    usualVariable: ({ id }) => (id === "openai" ? "OPENAI_API_KEY" : undefined),
    gateway: { port: 4150 },
    gatewayKeys: [],
    faulty: [],
    configuredKeys: [
      { name: "ci", key: "${env:CI_KEY}" },
      { name: "default", hash: hashOfKey("pst_not-a-real-one"), masked: "pst_no…-one" },
    ],
    others: {},
  });
}

it("names a variable for each key, and says in front which", () => {
  const { text, variables, runsCommands, problems } = exported();
  expect(problems).toEqual([]);
  expect(runsCommands).toBe(true);
  expect(variables).toEqual([
    "OPENAI_API_KEY",
    "TWO_KEYS_WORK",
    "TWO_KEYS_AT_HOME",
    "TOKEN_TOKEN",
    "NAMED_X_GATEWAY_KEY",
    "NAMED_X_UPSTREAM",
    "MIXED_API_KEY",
    "MIXED_TOKEN",
    "MIXED_TOKEN_2",
    "TEAM",
    "NAMED_AUTH",
    "NAMED_KEY",
    "MIXED_KEY",
    "CI_KEY",
  ]);
  for (const name of variables) expect(text).toContain(`//   ${name}  `);
  expect(text).toContain("--allow-commands");
  const { providers } = JSON.parse(text.replace(/^\/\/.*$/gm, ""));
  expect(providers[0]).toMatchObject({ id: "openai", apiKey: "${env:OPENAI_API_KEY}" });
  expect(providers[1].credentials).toEqual([
    { kind: "env", label: "work", name: "TWO_KEYS_WORK", as: "apiKey" },
    { kind: "env", label: "at home", name: "TWO_KEYS_AT_HOME", as: "apiKey" },
  ]);
  expect(providers[2]).toMatchObject({ bearerToken: "${env:TOKEN_TOKEN}" });
  expect(providers[3]).toMatchObject({ apiKey: "${env:NAMED_KEY}" });
  expect(providers[3].headers).toEqual({
    "X-Team": "${env:TEAM}",
    "X-Gateway-Key": "${env:NAMED_X_GATEWAY_KEY}",
    "X-Upstream": "${env:NAMED_X_UPSTREAM}",
    "X-Trace": "on",
    "X-Auth": "Bearer ${env:NAMED_AUTH}",
  });
  expect(text).not.toContain("canary");
});

it("is a configuration that the headless program runs on, once the variables are set", async () => {
  const { text, variables } = exported();
  const file = join(folder.path, "postern.json");
  writeFileSync(file, text);
  const env = Object.fromEntries(variables.map((name) => [name, `value-of-${name}`]));
  const unset = await run(process.execPath, [cliFile, "check", "--config", file, "--allow-commands"]);
  expect(unset.code).toBe(2);
  expect(unset.stderr).toContain("the environment variable CI_KEY is not set");
  const { code, stdout, stderr } = await run(
    process.execPath,
    [cliFile, "check", "--config", file, "--allow-commands"],
    env,
  );
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout.split("\n").filter((line) => line.startsWith("ok"))).toHaveLength(7);
  const sent = provider.requests.map(({ headers }) => headers.authorization ?? "none");
  expect(sent.sort()).toEqual(
    [
      "Bearer value-of-OPENAI_API_KEY",
      // Every key of a pool is tried.
      "Bearer value-of-TWO_KEYS_WORK",
      "Bearer value-of-TWO_KEYS_AT_HOME",
      "Bearer value-of-TOKEN_TOKEN",
      "Bearer value-of-NAMED_KEY",
      "Bearer value-of-MIXED_KEY",
      "Bearer value-of-MIXED_API_KEY",
      "Bearer value-of-MIXED_TOKEN",
      "Bearer value-of-MIXED_TOKEN_2",
      "Bearer printed",
      "none",
    ].sort(),
  );
});

it("starts as a gateway that lets in who has its keys", async () => {
  const { text, variables } = exported();
  const config = JSON.parse(text.replace(/^\/\/.*$/gm, ""));
  const gateway = await Gateway.start({
    providers: config.providers,
    gateway: config.gateway,
    args: ["--allow-commands"],
    env: Object.fromEntries(variables.map((name) => [name, `value-of-${name}`])),
  });
  try {
    // A key that Postern has made is known by its hash there as well as here.
    for (const key of ["value-of-CI_KEY", "pst_not-a-real-one"]) {
      const answer = await fetch(`${gateway.url}/v1/models`, { headers: { "x-api-key": key } });
      expect(answer.status).toBe(200);
    }
  } finally {
    await gateway.stop();
  }
});
