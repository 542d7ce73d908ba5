import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EngineConfig } from "../../src/core/config/engineConfig";
import { budgetSchema } from "../../src/core/config/schema";
import { routeSchema } from "../../src/core/config/schema/route";
import { callerHeaders } from "../../src/core/rpc/callerHeaders";
import { LEDGER_NOTICE } from "../../src/core/rpc/contract";
import { ask, Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { GATEWAY_KEY } from "../support/gateway";
import { askPrivately } from "../support/privateSocket";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually } from "../support/waiting";

const chat = json(recording("chat.json").toString(), 200, {
  "x-ratelimit-limit-requests": "100",
  "x-ratelimit-remaining-requests": "40",
  "x-ratelimit-reset-requests": "6h",
});
const [firstEvent] = recording("chat-text.sse")
  .toString()
  .split(/(?<=\n\n)/);

let provider: ReplayProvider;
let home: Home;
let engine: Engine;

beforeAll(async () => {
  provider = await ReplayProvider.start(chat);
});
afterAll(() => provider.stop());
afterEach(async () => {
  provider.play = chat;
  await engine.end();
  home.remove();
});

async function windows(): Promise<[EngineClient, EngineClient]> {
  home = newHome();
  engine = new Engine(home);
  return [await EngineClient.join(home), await EngineClient.join(home)];
}

const withBudget = (requests: number): EngineConfig =>
  engineConfig(provider.url, { budgets: [budgetSchema.parse({ name: "b", requests, period: "day" })] });

describe("windows and limits", () => {
  it("each window is told how limits and quotas stand; a notice is told by the one that claims it first", async () => {
    const [one, two] = await windows();
    const url = await startGateway(one, withBudget(1));
    expect((await ask(url)).status).toBe(200);
    for (const client of [one, two]) {
      await eventually(
        () => client.statuses.at(-1)?.limits?.limits[0]?.spent === 1,
        "the spent budget in a window",
      );
    }
    const { limits } = await two.request("status", {});
    expect(limits?.quotas).toMatchObject([
      { provider: "fake", model: "model-a", unit: "requests", remaining: 40, limit: 100, basis: "reported" },
    ]);
    const [notice, ...others] = limits?.notices ?? [];
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ level: "reached", name: "b", of: "budget" });
    const id = notice?.id ?? "";
    const claims = await Promise.all([one, two, one].map((client) => client.request("claimNotice", { id })));
    expect(claims.filter(({ claimed }) => claimed)).toHaveLength(1);
    expect((await ask(url)).status).toBe(429);
    expect((await one.request("status", {})).limits?.notices).toEqual([]);
  });

  it("lets one window tell what is wrong with the ledger, and another one what is wrong later", async () => {
    const [one, two] = await windows();
    const claim = (since: number) => (client: EngineClient) =>
      client.request("claimNotice", { id: `${LEDGER_NOTICE}unwritable ${since}` });
    expect(await Promise.all([one, two, one].map(claim(1)))).toEqual([
      { claimed: true },
      { claimed: false },
      { claimed: false },
    ]);
    expect(await claim(2)(two)).toEqual({ claimed: true });
  });

  it("a raised budget and a disabled gateway key act on the next request", async () => {
    const [one] = await windows();
    const url = await startGateway(one, withBudget(0));
    expect((await ask(url)).status).toBe(429);
    await one.request("configure", withBudget(1));
    expect((await ask(url)).status).toBe(200);
    const config = withBudget(5);
    const keys = [{ name: "test", key: GATEWAY_KEY, enabled: false }];
    await one.request("configure", { ...config, gateway: { ...config.gateway, keys } });
    expect((await ask(url)).status).toBe(401);
    expect((await one.request("status", {})).gatewayKeys).toBe(0);
  });

  it.each([
    ["everything", "all"],
    ["its extension", { extension: "github.copilot-chat" }],
    ["its folder", { workspace: "/home/me/project" }],
  ])("VS Code Chat counts and stops like any other, by a budget for %s", async (_, scope) => {
    const [one] = await windows();
    const budgets = [budgetSchema.parse({ name: "b", scope, requests: 1, period: "day" })];
    await one.request("configure", engineConfig(provider.url, { budgets }));
    const access = await one.request("chatAccess", {});
    const headers = callerHeaders({
      caller: "github.copilot-chat",
      workspace: { folder: "/home/me/project" },
    });
    const chatted = async () => {
      const answer = await askPrivately({ ...access, headers });
      return { status: answer.status, text: await answer.text() };
    };
    expect((await chatted()).status).toBe(200);
    const { status, text } = await chatted();
    expect(status).toBe(429);
    expect(text).toContain('Budget \\"b\\"');
  });

  it("cuts what runs on one gateway key, there and at the provider, and nothing else", async () => {
    const [one] = await windows();
    const config = engineConfig(provider.url);
    const keys = [
      { name: "test", key: GATEWAY_KEY },
      { name: "other", key: "pk-other" },
    ];
    const url = await startGateway(one, { ...config, gateway: { ...config.gateway, keys } });
    provider.play = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(firstEvent);
    };
    const streaming = '{"model":"model-a","stream":true}';
    const [cut, kept] = await Promise.all([
      ask(url, streaming),
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "x-api-key": "pk-other" },
        body: streaming,
      }),
    ]);
    expect([cut.status, kept.status]).toEqual([200, 200]);
    expect(await one.request("abortRequests", { gatewayKey: "test" })).toEqual({ aborted: 1 });
    const text = await cut.text();
    expect(text).toContain(firstEvent);
    expect(text).toContain("The gateway key was disabled while it was used.");
    expect(text).not.toContain("[DONE]");
    await eventually(
      async () => (await one.request("status", {})).running === 1,
      "one request that is still running",
    );
    expect(await one.request("abortRequests", { gatewayKey: "test" })).toEqual({ aborted: 0 });
    await kept.body?.cancel();
  });

  it("cuts what waits between two attempts, too, and asks nobody any more", async () => {
    const [one] = await windows();
    const routes = [routeSchema.parse({ name: "patient", targets: [{ model: "fake/model-a" }] })];
    const url = await startGateway(one, engineConfig(provider.url, { routes }));
    provider.play = json({ error: { message: "busy" } }, 503, { "retry-after": "20" });
    const asked = provider.requests.length;
    const answer = ask(url, '{"model":"patient"}');
    await eventually(() => provider.requests.length === asked + 1, "the first attempt");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await one.request("abortRequests", { gatewayKey: "test" })).toEqual({ aborted: 1 });
    const { status } = await answer;
    expect(status).toBe(401);
    expect(provider.requests).toHaveLength(asked + 1);
    const { requests } = await one.request("queryRequests", { limit: 1 });
    expect(requests).toMatchObject([{ outcome: "failed", errorCode: "unauthorized" }]);
  });
});
