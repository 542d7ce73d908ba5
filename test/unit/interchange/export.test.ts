import { expect, it } from "vitest";
import { type ExportInputs, exportedConfig } from "../../../src/core/interchange/exported";

const inputs: ExportInputs = {
  providers: [],
  stored: new Map(),
  usualVariable: () => undefined,
  gateway: {},
  gatewayKeys: [],
  configuredKeys: [],
  faulty: [],
  others: {},
};
const at = { id: "p", type: "openai", baseUrl: "https://gw.example.com/v1" };
const withCommand = (...command: readonly string[]) =>
  exportedConfig({ ...inputs, providers: [{ ...at, credentials: [{ kind: "command", command }] }] });

it.each([
  ["in an option's place", ["get", "--password", "canary2"]],
  ["behind an option", ["get", "--client-secret=canary2"]],
  ["in a variable", ["env", "API_KEY=canary2", "get"]],
  ["as a key", ["get", "sk-proj-canary0123456789"]],
  ["as a token", ["curl", "-H", "Authorization: Bearer canary2-0123"]],
  ["in a header", ["curl", "-H", "X-Api-Key: canary2"]],
  ["in a script", ["sh", "-c", 'curl -d "password=canary2" https://sso.example.com']],
  ["in an address", ["curl", "https://me:canary2@sso.example.com/token"]],
])("a command's secret %s is not exported, and that is said", (_, command) => {
  const { text, lacking } = withCommand(...command);
  expect(text).not.toContain("canary");
  expect(lacking).toEqual([
    expect.stringContaining(`an argument of the command ${command[0]} of p is replaced`),
  ]);
  expect(text).toContain(`// Not complete: ${lacking[0]}`);
  expect(text).not.toContain("There is no key in it");
});

it.each([
  [
    [
      "az",
      "account",
      "get-access-token",
      "--resource",
      "https://x.example",
      "--query",
      "accessToken",
      "-o",
      "tsv",
    ],
  ],
  [["op", "read", "op://vault/openai/password"]],
  [["pass", "show", "work/api-key"]],
  [["security", "find-generic-password", "-s", "openai", "-w"]],
  [["oauth", "--token-type", "bearer", "--max-tokens=3", "--password", "--quiet"]],
  [["sh", "-c", 'curl -H "X-Api-Key: $KEY" https://sso.example.com']],
])("a command without a secret is exported as it stands: %j", (command) => {
  const { text, lacking } = withCommand(...command);
  const config = JSON.parse(text.replace(/^\/\/.*$/gm, ""));
  expect(config.providers[0].credentials[0].command).toEqual(command);
  expect(lacking).toEqual([]);
  // Not every secret looks like one.
  expect(text).toContain("read them before you pass this on");
});

it("secrets in extraBody are not exported, and that is said", () => {
  const extraBody = {
    user: "me",
    max_tokens: 5,
    prompt_cache_key: "mine",
    api_key: "canary-1",
    metadata: { list: ["sk-proj-canary0123456789", "plain"], accessToken: "canary-2", author: "me" },
  };
  const { text, lacking } = exportedConfig({ ...inputs, providers: [{ ...at, extraBody }] });
  expect(text).not.toContain("canary");
  const config = JSON.parse(text.replace(/^\/\/.*$/gm, ""));
  expect(config.providers[0].extraBody).toMatchObject({
    user: "me",
    max_tokens: 5,
    prompt_cache_key: "mine",
    metadata: { list: [expect.stringContaining("TAKEN"), "plain"], author: "me" },
  });
  expect(lacking.map((line) => line.split(" ")[0])).toEqual([
    "extraBody.api_key",
    "extraBody.metadata.list[0]",
    "extraBody.metadata.accessToken",
  ]);
});

it("what is left out of it is said, and a gateway key that stands in the settings whole becomes a variable", () => {
  const { text, lacking, variables } = exportedConfig({
    ...inputs,
    faulty: ["broken\n{"],
    gatewayKeys: ["old"],
    configuredKeys: [{ name: "ci", key: "pst_canary" }],
  });
  expect(lacking).toHaveLength(2);
  expect(variables).toEqual(["CI_GATEWAY_KEY"]);
  expect(text).not.toContain("canary");
  expect(JSON.parse(text.replace(/^\/\/.*$/gm, "")).gateway.keys).toEqual([
    { name: "ci", key: "${env:CI_GATEWAY_KEY}" },
  ]);
});

it("says that there is no key in it where that is sure", () => {
  expect(exportedConfig({ ...inputs, providers: [at] }).text).toContain("There is no key in it");
});
