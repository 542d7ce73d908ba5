import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditSchema, policySchema } from "../../../src/core/config/schema";
import {
  ask,
  Engine,
  EngineClient,
  engineConfig,
  type Home,
  newHome,
  startGateway,
} from "../../support/engine";
import { recording } from "../../support/recordings";
import { json, ReplayProvider } from "../../support/replayProvider";
import { secretShapes } from "../../support/secretShapes";
import { eventually } from "../../support/waiting";

let provider: ReplayProvider;
let home: Home;
let engine: Engine;
let client: EngineClient;

beforeAll(async () => {
  provider = await ReplayProvider.start(json(recording("chat.json").toString()));
});
afterAll(() => provider.stop());
beforeEach(async () => {
  provider.requests.length = 0;
  home = newHome();
  engine = new Engine(home);
  client = await EngineClient.join(home);
  await client.request("configure", configuration());
});
afterEach(async () => {
  await engine.end();
  home.remove();
});

const configuration = () =>
  engineConfig(provider.url, {
    audit: auditSchema.parse({ level: "full" }),
    policy: policySchema.parse({
      rules: [
        { name: "incidents stay inside", when: { task: "incident" }, allow: ["azure/*"] },
        { name: "careful", when: { secrets: true }, warn: "There is a secret in it." },
      ],
    }),
  });

async function asked(): Promise<string> {
  const url = await startGateway(client, configuration());
  const body = JSON.stringify({
    model: "model-a",
    messages: [{ role: "user", content: "Where is the xylophone?" }],
  });
  expect((await ask(url, body)).status).toBe(200);
  const page = await eventually(async () => {
    const found = await client.request("queryRequests", { limit: 10 });
    return found.requests.length > 0 ? found : undefined;
  }, "the request in the ledger");
  return page.requests[0]?.id ?? "";
}

describe("a window asks the engine", () => {
  it("for what was kept of a request, found by its words, and has it deleted", async () => {
    const id = await asked();
    const found = await eventually(async () => {
      const { ids } = await client.request("searchAudit", { filter: { text: "xylophone" }, limit: 10 });
      return ids.length > 0 ? ids : undefined;
    }, "the words in the index");
    expect(found).toEqual([id]);
    const detail = await client.request("auditedRequest", { id, protocol: "chat" });
    expect(detail.readable?.request).toEqual([
      { who: "user", parts: [{ title: "text", text: "Where is the xylophone?" }] },
    ]);
    expect(detail.readable?.answer?.[0]).toMatchObject({ who: "assistant" });
    const { removed } = await client.request("removeAudit", { filter: { id }, what: "content" });
    expect(removed).toBe(1);
    expect(await client.request("auditedRequest", { id, protocol: "chat" })).toEqual({
      level: "full",
      contentRemoved: true,
    });
    expect(await client.request("verifyAudit", {})).toMatchObject({ faults: [], rows: 3 });
  });

  it("and is told of a rule's warning, in the words of the rule", async () => {
    const warnings: unknown[] = [];
    client.on("policyWarning", (warning) => warnings.push(warning));
    const url = await startGateway(client, configuration());
    const [{ text } = { text: "" }] = secretShapes();
    for (let i = 0; i < 3; i++)
      await (
        await ask(url, JSON.stringify({ model: "model-a", messages: [{ role: "user", content: text }] }))
      ).text();
    const wanted = { rule: "careful", message: "There is a secret in it.", caller: "test" };
    await eventually(() => warnings.length > 0, "the warning");
    expect(warnings).toEqual([wanted]);
  });

  it("to write an export, which only its owner can read", async () => {
    await asked();
    const file = join(home.dataDir, "export.csv");
    const options = { file, format: "csv", filter: { gatewayKey: "test" }, content: false } as const;
    expect(await client.request("exportAudit", options)).toEqual({ requests: 1 });
    expect(readFileSync(file, "utf8").split("\r\n")).toHaveLength(3);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("what the policy would say, the repository's rules included", async () => {
    const inside = await client.request("explainPolicy", { task: "incident", model: "model-a" });
    expect(inside.targetDecision?.refusal?.rule).toBe("incidents stay inside");
    expect(inside.target).toEqual({ provider: "fake", model: "model-a", providerClass: "local" });
    const repository = join(home.dataDir, "repository");
    mkdirSync(repository);
    writeFileSync(join(repository, ".postern.json"), "{}");
    const faulty = await client.request("explainPolicy", { workspace: repository, model: "model-a" });
    expect(faulty.decision.refusal?.message).toContain(join(repository, ".postern.json"));
    await expect(client.request("explainPolicy", { key: "nobody" })).rejects.toThrow("no gateway key named");
    expect(provider.requests).toHaveLength(0);
  });
});
