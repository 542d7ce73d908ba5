import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, { id: "one", models: [{ id: "gpt-own", name: "Own" }, { id: "org/m:1" }] }),
      providerEntry(provider.url, { id: "two", type: "anthropic", models: [{ id: "claude-own" }] }),
      providerEntry(provider.url, { id: "off", enabled: false, models: [{ id: "hidden" }] }),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

interface Listed {
  readonly data: readonly { readonly id: string; readonly display_name: string }[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

async function listed(query = ""): Promise<Listed> {
  const answer = await gateway.fetch(`/v1/models${query}`, {
    headers: { "anthropic-version": "2023-06-01" },
  });
  return (await answer.json()) as Listed;
}
const ids = ({ data }: Listed) => data.map(({ id }) => id);
const ALL = [
  ...["gpt-own", "org/m:1", "claude-own", "one/gpt-own", "one/org/m:1", "two/claude-own"],
  ...["claude-via-postern/one/gpt-own", "claude-via-postern/one/org/m:1"],
];

it("Claude Code's discovery finds every model once under an id that it keeps", async () => {
  const { data, has_more } = await listed("?limit=1000");
  const kept = data.filter(({ id }) => /claude|anthropic/i.test(id));
  expect(kept.map(({ id, display_name }) => [id, display_name])).toEqual([
    ["claude-own", "claude-own"],
    ["two/claude-own", "two/claude-own"],
    ["claude-via-postern/one/gpt-own", "Own (one)"],
    ["claude-via-postern/one/org/m:1", "org/m:1 (one)"],
  ]);
  expect(has_more).toBe(false);
  expect(ids(await listed())).toEqual(ALL);
});

it("such an id is served by the model it stands for, and can be looked up", async () => {
  provider.play = json(recording("chat.json").toString());
  const client = new Anthropic({ baseURL: gateway.url, apiKey: GATEWAY_KEY, maxRetries: 0 });
  for (const [alias, model] of [
    ["claude-via-postern/one/gpt-own", "gpt-own"],
    ["claude-via-postern/one/org/m:1", "org/m:1"],
  ] as const) {
    const message = await client.messages.create({
      model: alias,
      max_tokens: 10,
      messages: [{ role: "user", content: "hi" }],
    });
    expect(message.model).toBe(alias);
    expect(JSON.parse((await provider.last.body).toString()).model).toBe(model);
    expect((await client.models.retrieve(alias)).id).toBe(alias);
  }
  const unknown = { model: "claude-via-postern/one/gpt-ow", messages: [] };
  const refused = await gateway.post("/v1/messages", unknown);
  expect([refused.status, await refused.text()]).toEqual([404, expect.stringContaining("gpt-own")]);
  const off = await gateway.post("/v1/messages", { model: "claude-via-postern/off/hidden", messages: [] });
  expect([off.status, await off.text()]).toEqual([403, expect.stringContaining("disabled")]);
});

it("lists in OpenAI's shape have no such ids, and the list that Codex reads", async () => {
  const list = (await (await gateway.fetch("/v1/models?client_version=0.169.0")).json()) as Listed;
  expect(ids(list)).toEqual(ALL.slice(0, 6));
  expect(list).toMatchObject({ object: "list", models: [] });
  const client = new OpenAI({ apiKey: GATEWAY_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  expect((await client.models.list()).data.length).toBe(6);
});

it("Anthropic's SDK pages through the list forwards and backwards", async () => {
  const client = new Anthropic({ baseURL: gateway.url, apiKey: GATEWAY_KEY, maxRetries: 0 });
  for (const limit of [1, 3, 8, 1000]) {
    const forwards: string[] = [];
    for await (const { id } of client.models.list({ limit })) forwards.push(id);
    expect(forwards).toEqual(ALL);
  }
  const backwards: string[][] = [];
  for await (const page of (await client.models.list({ limit: 3, before_id: ALL[7] ?? "" })).iterPages())
    backwards.push(page.data.map(({ id }) => id));
  expect(backwards).toEqual([ALL.slice(4, 7), ALL.slice(1, 4), ALL.slice(0, 1)]);
});

it.each(["?limit=0", "?limit=-1", "?limit=x", "?limit=1.5", "?limit=", "?limit=99999999999"])(
  "%s is all there is",
  async (query) => {
    expect(ids(await listed(query))).toEqual(ALL);
  },
);

it("after or before an id that is not there comes nothing", async () => {
  for (const query of ["?after_id=gone", "?before_id=gone"])
    expect(await listed(query)).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
  expect(await listed(`?limit=2&after_id=${ALL[6]}`)).toMatchObject({ first_id: ALL[7], has_more: false });
});

it("says how much a model takes, where that is known, in each list's own words", async () => {
  const limits = await Gateway.start({
    providers: [
      providerEntry(provider.url, {
        models: [{ id: "known", contextWindow: 128000, maxOutput: 4096 }, { id: "unknown" }],
      }),
    ],
  });
  try {
    const openAi = (await (await limits.fetch("/v1/models/known")).json()) as object;
    expect(openAi).toMatchObject({ context_window: 128000, max_output_tokens: 4096 });
    expect(await (await limits.fetch("/v1/models/unknown")).json()).toEqual({
      id: "unknown",
      object: "model",
      created: 0,
      owned_by: "fake",
    });
    const client = new Anthropic({ baseURL: limits.url, apiKey: GATEWAY_KEY, maxRetries: 0 });
    expect(await client.models.retrieve("known")).toMatchObject({
      max_input_tokens: 128000,
      max_tokens: 4096,
    });
    expect(await client.models.retrieve("unknown")).toMatchObject({
      max_input_tokens: null,
      max_tokens: null,
    });
    expect(await client.models.retrieve("claude-via-postern/fake/known")).toMatchObject({
      max_input_tokens: 128000,
    });
  } finally {
    await limits.stop();
  }
});

it("a hidden model is in no list, leaves its bare id to the next provider, and answers by its full id", async () => {
  const own = await Gateway.start({
    providers: [
      providerEntry(provider.url, {
        id: "first",
        models: [{ id: "shared" }, { id: "plain" }, { id: "dear" }],
        modelOverrides: { shared: { hidden: true }, dear: { pinned: true, name: "Dear" } },
        extraModels: [{ id: "added" }],
      }),
      providerEntry(provider.url, { id: "second", models: [{ id: "shared" }] }),
    ],
  });
  try {
    const list = (await (await own.fetch("/v1/models")).json()) as Listed;
    expect(ids(list)).toEqual([
      ...["dear", "plain", "added", "shared"],
      ...["first/dear", "first/plain", "first/added", "second/shared"],
    ]);
    provider.play = json(recording("chat.json").toString());
    const served = async (model: string) => {
      const answer = await own.post("/v1/chat/completions", { model, messages: [] });
      return [answer.status, answer.headers.get("x-postern-provider")];
    };
    expect(await served("shared")).toEqual([200, "second"]);
    expect(await served("first/shared")).toEqual([200, "first"]);
    expect(await served("added")).toEqual([200, "first"]);
  } finally {
    await own.stop();
  }
});
