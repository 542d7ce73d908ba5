import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry } from "../support/gateway";
import { recording } from "../support/recordings";
import { json, ReplayProvider, stream } from "../support/replayProvider";

let first: ReplayProvider;
let second: ReplayProvider;
let gateway: Gateway;
let client: OpenAI;
let count = 0;

beforeAll(async () => {
  first = await ReplayProvider.start(json({}));
  second = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [
      providerEntry(first.url, { id: "chat" }),
      providerEntry(first.url, { id: "first", wireApi: "responses" }),
      providerEntry(second.url, {
        id: "second",
        type: "azure",
        wireApi: "responses",
        azure: { apiVersion: "v9" },
      }),
    ],
  });
  client = new OpenAI({ apiKey: GATEWAY_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
});

afterAll(async () => {
  await gateway?.stop();
  await first?.stop();
  await second?.stop();
});

beforeEach(() => {
  first.play = json({});
  second.play = json({});
});

/** A response of the provider's, that has passed through the gateway. */
async function made(by: "first" | "second", streaming: boolean): Promise<string> {
  count += 1;
  const id = `resp_${by}_${count}`;
  const provider = by === "first" ? first : second;
  const named = (file: string) => recording(file).toString().replaceAll("resp_own1", id);
  const plain = JSON.stringify({ ...JSON.parse(recording("responses.json").toString()), id });
  provider.play = streaming ? stream([named("responses-tools.sse")]) : json(plain);
  const answer = await gateway.post("/v1/responses", {
    model: `${by}/model-a`,
    input: "x",
    stream: streaming,
  });
  expect(await answer.text()).toContain(id);
  provider.play = json({ id, object: "response", status: "completed", output: [] });
  return id;
}

describe("a response that a provider keeps", () => {
  it.each([
    ["first", true],
    ["first", false],
    ["second", true],
    ["second", false],
  ] as const)("is asked of the provider that made it: %s, streamed: %s", async (by, streaming) => {
    const id = await made(by, streaming);
    const provider = by === "first" ? first : second;
    const [base, version] = by === "first" ? ["/v1/responses", ""] : ["/openai/responses", "api-version=v9"];
    const at = (path: string, query = "") => {
      const all = [version, query].filter(Boolean).join("&");
      return `${base}/${id}${path}${all ? `?${all}` : ""}`;
    };
    expect((await client.responses.retrieve(id)).id).toBe(id);
    expect([provider.last.method, provider.last.path]).toEqual(["GET", at("")]);
    expect(provider.last.headers["content-length"]).toBeUndefined();
    expect(provider.last.rawHeaders.join()).toContain(PROVIDER_KEY);
    expect(provider.last.rawHeaders.join()).not.toContain(GATEWAY_KEY);
    await client.responses.cancel(id);
    expect([provider.last.method, provider.last.path]).toEqual(["POST", at("/cancel")]);
    provider.play = json({ object: "list", data: [], has_more: false });
    await client.responses.inputItems.list(id, { limit: 5 });
    expect([provider.last.method, provider.last.path]).toEqual(["GET", at("/input_items", "limit=5")]);
    provider.play = json({ id, object: "response", deleted: true });
    await client.responses.delete(id);
    expect([provider.last.method, provider.last.path]).toEqual(["DELETE", at("")]);
  });

  it("is taken up again as a stream", async () => {
    const id = await made("first", true);
    first.play = stream([recording("responses-tools.sse")]);
    const events: string[] = [];
    for await (const { type } of await client.responses.retrieve(id, { stream: true, starting_after: 2 }))
      events.push(type);
    expect(events.at(-1)).toBe("response.completed");
    expect(first.last.path).toContain("starting_after=2");
  });

  it("has the provider's own error passed on", async () => {
    const id = await made("first", false);
    first.play = json({ error: { message: "expired", type: "invalid_request_error" } }, 404);
    await expect(client.responses.retrieve(id)).rejects.toThrow(/expired/);
  });

  it("is not known where it did not pass, and two providers could have it", async () => {
    const asked = [first.requests.length, second.requests.length];
    await expect(client.responses.retrieve("resp_elsewhere")).rejects.toThrow(OpenAI.NotFoundError);
    await expect(client.responses.retrieve("resp_elsewhere")).rejects.toThrow(/Which provider/);
    expect([first.requests.length, second.requests.length]).toEqual(asked);
  });

  it("is not counted as a request to a model", async () => {
    // Told by the status of the engine; see modelRequests.test.ts.
    expect((await gateway.fetch("/v1/responses/resp_x/unknown")).status).toBe(404);
    expect((await gateway.fetch("/v1/responses/..%2fmodels")).status).toBe(404);
    expect((await gateway.fetch("/v1/responses/%2e%2e")).status).toBe(404);
    const wrong = await gateway.post("/v1/responses/resp_x", {});
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, DELETE"]);
    expect((await gateway.fetch("/v1/responses/resp_x/cancel")).headers.get("allow")).toBe("POST");
  });
});

describe("the one provider that keeps responses", () => {
  it("is asked for an id that did not pass; without one the 404 says so", async () => {
    const alone = await Gateway.start({
      providers: [
        providerEntry(first.url, { id: "chat" }),
        providerEntry(first.url, { id: "only", wireApi: "responses" }),
        providerEntry(second.url, { id: "off", wireApi: "responses", enabled: false }),
      ],
    });
    const none = await Gateway.start({ providers: [providerEntry(first.url, { type: "anthropic" })] });
    try {
      const answer = await alone.fetch("/v1/responses/resp_elsewhere");
      expect([answer.status, answer.headers.get("x-postern-provider")]).toEqual([200, "only"]);
      expect(first.last.path).toBe("/v1/responses/resp_elsewhere");
      const refused = await none.fetch("/v1/responses/resp_elsewhere", { method: "DELETE" });
      expect([refused.status, await refused.json()]).toEqual([
        404,
        {
          error: expect.objectContaining({
            code: "not_found",
            message: expect.stringContaining("no response is kept"),
          }),
        },
      ]);
    } finally {
      await alone.stop();
      await none.stop();
    }
  });
});

describe("compacting", () => {
  it("is passed on byte for byte to a provider that speaks Responses", async () => {
    const text = '{"model":"model-a",  "input":[]}';
    const answer =
      '{"id":"resp_c",  "object":"response.compaction","output":[],"usage":{"input_tokens":1,"output_tokens":1}}';
    first.play = json(answer);
    const body = text.replace("model-a", "first/model-a");
    expect(await (await gateway.post("/v1/responses/compact", body)).text()).toBe(answer);
    expect([first.last.path, (await first.last.body).toString()]).toEqual(["/v1/responses/compact", text]);
    second.play = json(answer);
    await gateway.post("/v1/responses/compact", body.replace("first/", "second/"));
    expect(second.last.path).toBe("/openai/responses/compact?api-version=v9");
  });

  it("is a clear 404 elsewhere", async () => {
    const answer = await gateway.post("/v1/responses/compact", { model: "chat/model-a", input: [] });
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: expect.objectContaining({ message: expect.stringContaining("cannot compact") }) },
    ]);
  });
});

describe("previous_response_id", () => {
  const goOn = (model: string, previous: string, streaming = false) =>
    gateway.post("/v1/responses", {
      model,
      input: "and now?",
      previous_response_id: previous,
      stream: streaming,
    });
  const code = async (answer: Response) =>
    [answer.status, ((await answer.json()) as { error: { code: string } }).error.code] as const;
  const refused = [400, "previous_response_not_found"];

  it("goes to the provider that made it, and to one of which nothing is known", async () => {
    const id = await made("first", false);
    first.play = json({ id: "resp_next", previous_response_id: id, output: [] });
    expect((await goOn("first/model-a", id)).status).toBe(200);
    expect(JSON.parse((await first.last.body).toString()).previous_response_id).toBe(id);
    first.play = json({ id: "resp_next2", output: [] });
    expect((await goOn("first/model-a", "resp_from_before")).status).toBe(200);
  });

  it("is refused where another provider made it, without asking", async () => {
    const id = await made("first", true);
    const asked = second.requests.length;
    expect(await code(await goOn("second/model-a", id))).toEqual(refused);
    expect(second.requests.length).toBe(asked);
  });

  it("is refused at a provider of another protocol", async () => {
    expect(await code(await goOn("chat/model-a", "resp_1"))).toEqual(refused);
  });

  it("is refused where the provider leaves it aside, and never answered without its history", async () => {
    first.play = json({ id: "resp_n", previous_response_id: null, output: [], status: "completed" });
    expect(await code(await goOn("first/model-a", "resp_1"))).toEqual(refused);
    const response = { id: "resp_n", previous_response_id: null, output: [], status: "in_progress" };
    const created = JSON.stringify({ type: "response.created", sequence_number: 0, response });
    first.play = stream([`event: response.created\ndata: ${created}\n\n`]);
    expect(await code(await goOn("first/model-a", "resp_1", true))).toEqual(refused);
  });
});
