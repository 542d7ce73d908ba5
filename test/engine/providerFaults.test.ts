import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, PROVIDER_KEY, providerEntry, temporaryFolder } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";
import { selfSigned } from "../support/selfSigned";
import { eventually } from "../support/waiting";

let provider: ReplayProvider;
let gateway: Gateway;
let closedPort: number;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  closedPort = await freePort();
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url),
      providerEntry(`http://127.0.0.1:${closedPort}`, { id: "gone", models: [{ id: "model-gone" }] }),
      providerEntry(`http://localhost:${closedPort}`, { id: "gone-by-name", models: [{ id: "model-gone" }] }),
      providerEntry("http://no-such-host.invalid/v1", { id: "nowhere", models: [{ id: "model-nowhere" }] }),
      providerEntry(provider.url, { id: "odd", models: [{ id: "model-odd" }], apiKey: "sk-\u201codd\u201d" }),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

async function ask(model: string) {
  const answer = await gateway.post("/v1/chat/completions", { model });
  const text = await answer.text();
  return { status: answer.status, text, code: /"code":"(\w+)"/.exec(text)?.[1] };
}

describe("a provider that cannot be reached", () => {
  it.each(["gone", "gone-by-name"])("is a 502 that names host and port: %s", async (id) => {
    const { status, code, text } = await ask(`${id}/model-gone`);
    expect([status, code]).toEqual([502, "provider_unreachable"]);
    expect(text).toContain(`:${closedPort}`);
    expect(text).toContain("nothing answers");
  });

  it("is a 502 that names a host which does not exist", async () => {
    const { status, text } = await ask("nowhere/model-nowhere");
    expect(status).toBe(502);
    expect(text).toContain("no-such-host.invalid");
  });

  it("closes the connection: a 502, not a hang", async () => {
    provider.play = ({ socket }) => socket.resetAndDestroy();
    expect(await ask("model-a")).toMatchObject({ status: 502, code: "provider_unreachable" });
  });

  it("speaks no HTTP: a 502", async () => {
    provider.play = ({ socket }) => socket.end("SSH-2.0-OpenSSH_9.7\r\n");
    expect((await ask("model-a")).status).toBe(502);
  });

  it("has a key that no header can carry: told so, without the key", async () => {
    const { status, text } = await ask("model-odd");
    expect(status).toBe(502);
    expect(text).toMatch(/key or a header .* characters/);
    expect(text).not.toContain("odd\u201d");
  });
});

describe("a provider that is no API", () => {
  it.each([
    [200, 502],
    [403, 403],
    [404, 404],
    [503, 503],
  ])("a web page with %i is a %i in the protocol's JSON", async (status, expected) => {
    provider.play = ({ response }) => {
      response.writeHead(status, { "content-type": "text/html; charset=utf-8" });
      response.end("<html>log in, please</html>");
    };
    const got = await ask("model-a");
    expect([got.status, got.code]).toEqual([expected, "provider_not_api"]);
    expect(got.text).toContain("web page");
    expect(got.text).not.toContain("<html>");
  });

  it.each([301, 302, 303, 307, 308])(
    "a redirect (%i) is not followed, so that no key goes elsewhere",
    async (status) => {
      const other = await ReplayProvider.start(json({ id: "stolen" }));
      provider.play = ({ response }) =>
        response.writeHead(status, { location: `${other.url}/v1?secret=1` }).end();
      const got = await ask("model-a");
      expect([got.status, got.code]).toEqual([502, "provider_not_api"]);
      expect(got.text).toContain(`127.0.0.1:${other.port}`);
      expect(got.text).not.toContain("secret");
      expect(other.requests).toHaveLength(0);
      await other.stop();
    },
  );
});

describe("local servers that are not running", () => {
  it.each([
    ["http://localhost:11434/v1", "local", /ollama serve/],
    ["http://127.0.0.1:1234/v1", "studio", /lms server start/],
  ])("%s: the command that starts it is named", async (url, id, hint) => {
    const taken = await isTaken(Number(new URL(url).port));
    if (taken) return console.log(`Something listens on ${url}; its hint was not tried.`);
    const other = await Gateway.start({
      providers: [{ id, type: "openai", baseUrl: url, models: [{ id: "m" }] }],
    });
    const answer = await other.post("/v1/chat/completions", '{"model":"m"}');
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringMatching(hint)]);
    await other.stop();
  });
});

describe("a server that starts after the gateway", () => {
  it("is found when a model of it is asked for", async () => {
    const port = await freePort();
    const late = await Gateway.start({
      providers: [{ id: "late", type: "openai", baseUrl: `http://127.0.0.1:${port}` }],
    });
    expect((await late.post("/v1/chat/completions", '{"model":"late-model"}')).status).toBe(404);
    const server = await ReplayProvider.start(json({ data: [{ id: "late-model" }] }), undefined, port);
    const isServed = async () =>
      (await late.post("/v1/chat/completions", '{"model":"late-model"}')).status === 200;
    await eventually(isServed, "an answer of the late server");
    expect(await (await late.fetch("/v1/models")).text()).toContain("late/late-model");
    await late.stop();
    await server.stop();
  });
});

describe("TLS", () => {
  it("is checked, and a certificate of one's own can be trusted", async () => {
    const folder = temporaryFolder();
    const certificate = selfSigned("127.0.0.1");
    const server = await ReplayProvider.start(json({ id: "fine" }), certificate);
    const file = join(folder.path, "ca.pem");
    writeFileSync(file, certificate.cert);
    const providers = [
      providerEntry(server.url),
      providerEntry(server.url.replace("https:", "http:"), { id: "plain" }),
      providerEntry(provider.url.replace("http:", "https:"), { id: "no-tls" }),
    ];
    const wary = await Gateway.start({ providers });
    const answer = await wary.post("/v1/chat/completions", '{"model":"model-a"}');
    const text = await answer.text();
    expect([answer.status, /"code":"(\w+)"/.exec(text)?.[1]]).toEqual([502, "provider_tls"]);
    expect(text).toMatch(/SELF_SIGNED[^"]*NODE_EXTRA_CA_CERTS/);
    expect(server.requests).toHaveLength(0);
    expect(
      (await wary.post("/v1/chat/completions", '{"model":"plain/model-a"}')).status,
    ).toBeGreaterThanOrEqual(400);
    const noTls = await wary.post("/v1/chat/completions", '{"model":"no-tls/model-a"}');
    expect([noTls.status, await noTls.text()]).toEqual([
      502,
      expect.stringContaining("http:// instead of https://"),
    ]);
    await wary.stop();

    const trusting = await Gateway.start({ providers, env: { NODE_EXTRA_CA_CERTS: file } });
    expect((await trusting.post("/v1/chat/completions", '{"model":"model-a"}')).status).toBe(200);
    expect(server.last.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    await trusting.stop();
    await server.stop();
    folder.remove();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(true));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(false)));
  });
}
