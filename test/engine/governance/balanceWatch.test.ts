import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { EngineProvider } from "../../../src/core/config/engineConfig";
import { BalanceWatch } from "../../../src/engine/governance/balanceWatch";
import { EngineLog } from "../../../src/engine/log/log";
import { fetchJson } from "../../../src/engine/providers/fetchJson";
import { UpstreamClient } from "../../../src/engine/relay/upstreamClient";

function provider(baseUrl: string, id = "p"): EngineProvider {
  return {
    config: { id, type: "openai", wireApi: "completions", baseUrl, enabled: true },
    credential: { kind: "apiKey", value: "sk-1" },
  };
}

const DEEPSEEK = "https://api.deepseek.com/v1";
const BALANCE = { balance_infos: [{ currency: "USD", total_balance: "3.5" }] };

function watch(answer: () => Promise<unknown>) {
  const asked: string[] = [];
  const taken: unknown[] = [];
  const clock = { now: 0 };
  const made = new BalanceWatch({
    get: (_, url) => {
      asked.push(url.href);
      return answer();
    },
    take: (figures, from) => taken.push([figures, from]),
    monotonic: () => clock.now,
    log: new EngineLog(Date.now),
  });
  return { made, asked, taken, clock };
}

describe("what money is left at a provider", () => {
  it("is asked after a request, and not again for five minutes", async () => {
    const { made, asked, taken, clock } = watch(async () => BALANCE);
    made.configure([provider(DEEPSEEK), provider("https://api.openai.com/v1", "openai")], true);
    await made.requestEnded("openai");
    await Promise.all([made.requestEnded("p"), made.requestEnded("p")]);
    clock.now = 299_999;
    await made.requestEnded("p");
    expect(asked).toEqual(["https://api.deepseek.com/user/balance"]);
    expect(taken).toEqual([
      [
        [{ unit: "money", currency: "USD", remaining: 3_500_000, basis: "reported" }],
        { provider: "p", credential: "" },
      ],
    ]);
    clock.now = 300_000;
    await made.requestEnded("p");
    expect(asked).toHaveLength(2);
  });
  it("is not asked where the setting says no, without a key, or of another host than the provider's own", async () => {
    const { made, asked } = watch(async () => BALANCE);
    made.configure([provider(DEEPSEEK)], false);
    await made.requestEnded("p");
    made.configure([{ ...provider(DEEPSEEK), credential: { kind: "none" } }], true);
    await made.requestEnded("p");
    made.configure([provider("https://proxy.example/deepseek")], true);
    await made.requestEnded("p");
    expect(asked).toEqual([]);
  });
  it("is unknown, and harmless, where the provider does not tell it", async () => {
    const { made, taken } = watch(async () => {
      throw new Error("no network");
    });
    made.configure([provider(DEEPSEEK)], true);
    await made.requestEnded("p");
    expect(taken).toEqual([]);
  });
  it("is fetched with the provider's key, which follows no redirect", async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`);
      if (request.url === "/moved") response.writeHead(302, { location: "/key" }).end();
      else response.end(request.url === "/key" ? JSON.stringify(BALANCE) : "x".repeat(300_000));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const upstream = new UpstreamClient();
    try {
      const get = (path: string) => fetchJson(upstream, provider(origin), new URL(path, origin));
      expect(await get("/key")).toEqual(BALANCE);
      expect(await get("/moved")).toBeUndefined();
      expect(await get("/huge")).toBeUndefined();
      expect(seen).toEqual(["/key Bearer sk-1", "/moved Bearer sk-1", "/huge Bearer sk-1"]);
    } finally {
      await upstream.destroy();
      server.close();
    }
  });
});
