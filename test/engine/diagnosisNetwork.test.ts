import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import * as tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkProviders } from "../support/checked";
import { freePort } from "../support/freePort";
import { PROVIDER_KEY, providerEntry, temporaryFolder } from "../support/gateway";
import { FakeProxy } from "../support/proxy";
import { json, ReplayProvider } from "../support/replayProvider";
import { OwnAuthority, selfSigned } from "../support/selfSigned";

const LIST = { object: "list", data: [{ id: "m1" }] };
const folder = temporaryFolder();
const authority = new OwnAuthority();
const caFile = join(folder.path, "ca.pem");
writeFileSync(caFile, authority.cert);
afterAll(() => folder.remove());

/** Whether this Node can read the system's store, which OpenSSL is told of by SSL_CERT_FILE here. */
const canRead = typeof tls.getCACertificates === "function" && process.platform === "linux";

async function diagnose(baseUrl: string, env: Record<string, string> = {}, extra = {}) {
  const entry = providerEntry(baseUrl, { models: undefined, ...extra });
  const { providers, output } = await checkProviders([entry], { env });
  expect(output).not.toContain(PROVIDER_KEY);
  const [found] = providers;
  if (!found) throw new Error(output);
  return found;
}

describe("the way to a provider", () => {
  it("a name that does not exist", async () => {
    expect(await diagnose("https://no-such-host.invalid/v1")).toMatchObject({
      code: "host_not_found",
      verdict: expect.stringContaining("no-such-host.invalid was not found"),
    });
  });

  it("a closed port", async () => {
    const port = await freePort();
    expect(await diagnose(`http://127.0.0.1:${port}/v1`)).toMatchObject({
      code: "nothing_listens",
      verdict: expect.stringContaining(`Nothing answers at 127.0.0.1:${port}`),
    });
  });

  it("a local runtime that is not running: how to start it", async () => {
    const port = await freePort();
    // Not one with a port of its own, at which it may really run on this machine.
    expect(await diagnose(`http://localhost:${port}/v1`, {}, { id: "my-foundry" })).toMatchObject({
      code: "runtime_not_running",
      verdict: expect.stringContaining("foundry service start"),
    });
  });

  it("a server that hangs up, and one that speaks no HTTP", async () => {
    const rude = createServer((socket) => socket.once("data", () => socket.destroy()));
    const odd = createServer((socket) => socket.once("data", () => socket.end("220 mail.example ESMTP\r\n")));
    for (const server of [rude, odd]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const at = (server: typeof rude) => {
      const address = server.address();
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/v1`;
    };
    expect((await diagnose(at(rude))).code).toBe("connection_closed");
    expect((await diagnose(at(odd))).code).toBe("not_an_api");
    rude.close();
    odd.close();
  });
});

describe("TLS", () => {
  let company: ReplayProvider;
  beforeAll(async () => {
    company = await ReplayProvider.start(json(LIST), authority.issue("127.0.0.1"));
  });
  afterAll(() => company?.stop());

  it("a CA that is not known, as a company's proxy has one: refused, and no key sent", async () => {
    expect(await diagnose(company.url)).toMatchObject({
      code: "tls_untrusted",
      verdict: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
    });
    expect(company.requests).toHaveLength(0);
  });

  it("the same, named in NODE_EXTRA_CA_CERTS: trusted", async () => {
    expect(await diagnose(company.url, { NODE_EXTRA_CA_CERTS: caFile })).toMatchObject({
      ok: true,
      models: ["m1"],
    });
  });

  it("the same, in the system's store: trusted by every Node that can read it", async () => {
    const found = await diagnose(company.url, { SSL_CERT_FILE: caFile });
    expect(found.code).toBe(canRead ? undefined : "tls_untrusted");
    expect(found.ok).toBe(canRead);
  });

  it.each([
    ["self-signed", () => selfSigned("127.0.0.1"), "tls_self_signed"],
    ["expired", () => authority.issue("127.0.0.1", [-9, -2]), "tls_expired"],
    ["not valid yet", () => authority.issue("127.0.0.1", [2, 9]), "tls_not_yet_valid"],
    ["of another host", () => authority.issue("10.1.2.3"), "tls_wrong_host"],
  ])("a certificate that is %s", async (_what, make, code) => {
    const server = await ReplayProvider.start(json(LIST), make());
    expect((await diagnose(server.url, { NODE_EXTRA_CA_CERTS: caFile })).code).toBe(code);
    expect(server.requests).toHaveLength(0);
    await server.stop();
  });

  it("https:// to a server that speaks http", async () => {
    const plain = await ReplayProvider.start(json(LIST));
    const found = await diagnose(plain.url.replace("http:", "https:"));
    expect(found).toMatchObject({
      code: "tls_not_spoken",
      verdict: expect.stringContaining("http:// instead of https://"),
    });
    await plain.stop();
  });
});

describe("a proxy", () => {
  const remote = "https://api.provider.test/v1";

  it.each([
    ["wants a user name and a password", "407 Proxy Authentication Required", "proxy_key_needed"],
    ["does not let the host through", "403 Forbidden", "proxy_refused"],
    ["cannot reach the host", "502 Bad Gateway", "proxy_refused"],
  ])("that %s", async (_what, status, code) => {
    const proxy = await FakeProxy.start(status);
    expect((await diagnose(remote, { https_proxy: proxy.url })).code).toBe(code);
    expect(proxy.asked).toContain("api.provider.test:443");
    await proxy.stop();
  });

  it("that is not there; its password is not shown", async () => {
    const port = await freePort();
    const found = await diagnose(remote, { HTTPS_PROXY: `http://me:hunter22@127.0.0.1:${port}` });
    expect(found).toMatchObject({
      code: "proxy_unreachable",
      verdict: expect.stringContaining("ECONNREFUSED"),
    });
    expect(JSON.stringify(found)).not.toMatch(/hunter22/);
  });

  it("whose name does not exist", async () => {
    const found = await diagnose(remote, { HTTPS_PROXY: "http://no-such-proxy.invalid:8080" });
    expect(found.code).toBe("proxy_unreachable");
  });

  it("that is no proxy's address", async () => {
    const found = await diagnose(remote, { HTTPS_PROXY: "ftp://x" });
    expect(found.code).toBe("proxy_invalid");
  });

  it("https:// to a proxy that speaks http", async () => {
    const proxy = await FakeProxy.start();
    const found = await diagnose(remote, { HTTPS_PROXY: proxy.url.replace("http:", "https:") });
    expect(found.code).toBe("proxy_tls");
    await proxy.stop();
  });

  it("that breaks TLS open with a CA of its own: refused, until that CA is trusted", async () => {
    const behind = await ReplayProvider.start(json(LIST), authority.issue("api.provider.test"));
    const proxy = await FakeProxy.start(undefined, behind.port);
    const env = { https_proxy: proxy.url };
    expect((await diagnose(remote, env)).code).toBe("tls_untrusted");
    expect(behind.requests).toHaveLength(0);
    const trusting = await diagnose(remote, { ...env, NODE_EXTRA_CA_CERTS: caFile });
    expect(trusting).toMatchObject({ ok: true, models: ["m1"] });
    expect(behind.last.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect((await diagnose(remote, { ...env, SSL_CERT_FILE: caFile })).ok).toBe(canRead);
    await proxy.stop();
    await behind.stop();
  });

  it("is passed by for the hosts of NO_PROXY", async () => {
    const proxy = await FakeProxy.start("403 Forbidden");
    const found = await diagnose("https://no-such-host.invalid/v1", {
      https_proxy: proxy.url,
      NO_PROXY: ".invalid",
    });
    expect(found.code).toBe("host_not_found");
    expect(proxy.asked).toEqual([]);
    await proxy.stop();
  });
});
