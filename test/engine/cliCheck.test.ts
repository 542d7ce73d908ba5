import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROVIDER_KEY, providerEntry, runCli, temporaryFolder } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";

const folder = temporaryFolder();
let provider: ReplayProvider;
const list = { object: "list", data: [{ id: "m1" }, { id: "m2" }] };

beforeAll(async () => {
  provider = await ReplayProvider.start(json(list));
});
afterAll(async () => {
  folder.remove();
  await provider?.stop();
});

function check(...providers: Record<string, unknown>[]) {
  return checkConfig({ providers });
}

async function checkConfig(config: object) {
  const file = join(folder.path, "postern.json");
  writeFileSync(file, JSON.stringify(config));
  const { code, stdout, stderr } = await runCli(["check", "--config", file]);
  expect(stdout + stderr).not.toContain(PROVIDER_KEY);
  return { code, lines: stdout.trimEnd().split("\n") };
}

describe("check gives a verdict on each provider in one line", () => {
  it("that works: how many models it lists, exit code 0", async () => {
    provider.play = json(list);
    const { code, lines } = await check(
      providerEntry(provider.url, { models: undefined }),
      providerEntry(`${provider.url}/v1/`, { id: "claude", type: "anthropic" }),
      providerEntry(provider.url, { id: "off", enabled: false }),
    );
    expect(code).toBe(0);
    expect(lines).toEqual([
      expect.stringMatching(/^ok {3}fake: works, 2 models listed \(\d+ ms\)$/),
      expect.stringMatching(/^ok {3}claude: works, 2 models/),
      "ok   off: disabled",
    ]);
    expect(provider.requests.map(({ path }) => path).toSorted()).toEqual([
      "/v1/models",
      "/v1/models?limit=1000",
    ]);
  });

  it("that works and compresses although it was asked not to", async () => {
    provider.play = ({ response }) =>
      response
        .writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
        .end(gzipSync(JSON.stringify(list)));
    expect((await check(providerEntry(provider.url))).lines).toEqual([
      expect.stringContaining("2 models listed"),
    ]);
  });

  it.each([
    [401, {}, /key was refused \(HTTP 401\)/],
    [403, {}, /key was refused/],
    [404, {}, /no list of models at .*\/v1\/models \(HTTP 404\)/],
    [429, {}, /limits the rate/],
    [500, {}, /HTTP 500/],
    [302, { location: "https://example.com/login" }, /redirects/],
    [200, { "content-type": "text/html" }, /web page/],
    [200, {}, /not with a list of models/],
  ])("that answers %i %j: exit code 1 and what to do", async (status, headers, reason) => {
    provider.play = json({ error: {} }, status, headers);
    const { code, lines } = await check(providerEntry(provider.url, { models: undefined }));
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^FAIL fake: /)]);
    expect(lines[0]).toMatch(reason);
  });

  it("that has no list, but its models named by hand, is fine", async () => {
    provider.play = json({}, 404);
    expect((await check(providerEntry(provider.url))).code).toBe(0);
  });

  it("that cannot be reached, has no key, or hangs up, beside one that works", async () => {
    provider.play = json(list);
    const { code, lines } = await check(
      providerEntry("http://127.0.0.1:9", { id: "gone" }),
      providerEntry("https://api.example.com", { id: "keyless", apiKey: "${env:NO_SUCH_KEY}" }),
      providerEntry(provider.url, { id: "fine" }),
    );
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^FAIL gone: .*127\.0\.0\.1:9/),
      expect.stringMatching(/^FAIL keyless: There is no key: .*NO_SUCH_KEY/),
      expect.stringMatching(/^ok {3}fine: works/),
    ]);
  });

  it("and says what is to be known of the routes, which is no failure", async () => {
    provider.play = json(list);
    const route = (name: string, ...models: string[]) => ({
      name,
      targets: models.map((model) => ({ model })),
    });
    const { code, lines } = await checkConfig({
      providers: [
        providerEntry(provider.url, { models: undefined }),
        providerEntry(provider.url, { id: "off", enabled: false }),
      ],
      routes: [
        route("fast", "fake/m1", "nowhere/m", "off/model-a"),
        route("m2", "m1"),
        route("fake/m1", "fast"),
        route("fine", "fake/not-listed"),
      ],
    });
    expect(code).toBe(0);
    expect(lines.slice(2)).toEqual([
      'note route "fast": target nowhere/m: no provider has this model',
      'note route "fast": target off/model-a: provider "off" is disabled',
      'note route "m2": stands before the model m2 of fake, which is still reached as fake/m2',
      'note route "fake/m1": target fast: is a route itself, and a route leads to models only; name that route\'s models here',
      'note route "fake/m1": stands before the model fake/m1, which no client reaches any more except through a route',
    ]);
  });
});
