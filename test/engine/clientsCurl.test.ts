import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry, run } from "../support/gateway";
import { recording } from "../support/recordings";
import { json, ReplayProvider, stream } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json(recording("chat.json").toString()));
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const curl = (...args: string[]) => run("curl", ["-sS", ...args]);
const question = '{"model":"model-a","stream":true,"messages":[{"role":"user","content":"hi"}]}';

describe("curl", () => {
  it("streams an answer, as the README types it", async () => {
    provider.play = stream([recording("chat-text.sse")]);
    const { stdout, code } = await curl(
      "-N",
      `${gateway.url}/v1/chat/completions`,
      "-H",
      `Authorization: Bearer ${GATEWAY_KEY}`,
      "-H",
      "Content-Type: application/json",
      "-d",
      question,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/Grüße[\s\S]*data: \[DONE\]\n\n$/);
  });

  it.each([
    ["Authorization", `Bearer ${GATEWAY_KEY}`],
    ["authorization", `bearer  ${GATEWAY_KEY}`],
    ["x-api-key", GATEWAY_KEY],
    ["api-key", GATEWAY_KEY],
    ["X-Goog-Api-Key", GATEWAY_KEY],
  ])("is let in with the key in %s: %s, and that header does not travel on", async (name, value) => {
    provider.play = json(recording("chat.json").toString());
    const { stdout } = await curl(
      "-H",
      `${name}: ${value}`,
      "-d",
      '{"model":"model-a"}',
      `${gateway.url}/v1/chat/completions`,
    );
    expect(JSON.parse(stdout).id).toBe("chatcmpl-own3");
    expect(provider.last.rawHeaders.join("\n")).not.toContain(GATEWAY_KEY);
    expect(provider.last.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
  });

  it("gets the models list in OpenAI's shape, and in Anthropic's when it says anthropic-version", async () => {
    const key = ["-H", `x-api-key: ${GATEWAY_KEY}`];
    const openai = JSON.parse((await curl(...key, `${gateway.url}/v1/models`)).stdout);
    expect(openai).toMatchObject({ object: "list", data: [{ id: "model-a", object: "model" }, {}, {}, {}] });
    const anthropic = JSON.parse(
      (await curl(...key, "-H", "anthropic-version: 2023-06-01", `${gateway.url}/v1/models`)).stdout,
    );
    expect(anthropic).toMatchObject({
      has_more: false,
      data: [{ id: "model-a", type: "model" }, {}, {}, {}, {}, {}],
    });
  });

  it("asks for the health without a key, also with HEAD", async () => {
    const { stdout } = await curl(`${gateway.url}/health`);
    expect(JSON.parse(stdout)).toEqual({ status: "ok", version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect((await curl("-I", `${gateway.url}/health`)).stdout).toMatch(/^HTTP\/1.1 200 OK[\s\S]*\r\n\r\n$/);
  });

  it("may offer HTTP/2, which is ignored", async () => {
    provider.play = json(recording("chat.json").toString());
    const key = ["-H", `x-api-key: ${GATEWAY_KEY}`];
    const { stdout } = await curl(
      "--http2",
      ...key,
      "-d",
      '{"model":"model-a"}',
      `${gateway.url}/v1/chat/completions`,
    );
    expect(JSON.parse(stdout).id).toBe("chatcmpl-own3");
  });

  it("may wait for 100 Continue before a large body", async () => {
    provider.play = json(recording("chat.json").toString());
    const { stdout, stderr } = await run(
      "curl",
      [
        "-sSv",
        "-H",
        "Expect: 100-continue",
        "-H",
        `x-api-key: ${GATEWAY_KEY}`,
        "-d",
        "@-",
        `${gateway.url}/v1/chat/completions`,
      ],
      {},
      JSON.stringify({ model: "model-a", messages: [{ role: "user", content: "x".repeat(2_000_000) }] }),
    );
    expect(stderr).toContain("100 Continue");
    expect(JSON.parse(stdout).id).toBe("chatcmpl-own3");
    expect(provider.last.headers.expect).toBeUndefined();
    expect((await provider.last.body).length).toBeGreaterThan(2_000_000);
  });

  it("gets the refusal of a large body that nobody read", async () => {
    const { stdout, code } = await run(
      "curl",
      ["-sS", "-H", "Expect:", "-H", "x-api-key: wrong", "-d", "@-", `${gateway.url}/v1/chat/completions`],
      {},
      "x".repeat(20_000_000),
    );
    expect([code, JSON.parse(stdout).error.code]).toEqual([0, "unauthorized"]);
  });

  it("reaches a gateway on another loopback address of the machine", async () => {
    const v6 = await canListenOn("::1");
    if (!v6) return console.log("This machine has no ::1; the gateway on it was not tried.");
    const other = await Gateway.start({ providers: [], args: ["--host", "::1"] });
    try {
      expect(other.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
      expect((await curl("-g", `${other.url}/health`)).stdout).toContain('"ok"');
    } finally {
      await other.stop();
    }
  });
});

function canListenOn(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(0, host, () => server.close(() => resolve(true)));
  });
}
