import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Gateway, providerEntry } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";

const good = json({
  id: "c1",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
});
// Put together here, so that no scanner takes it for a real one.
const SECRET = ["ghp", "x7Kq2Lm9Zt4Rv8Bn3Wd6Yc1Hs5Jf0GpUeaQi"].join("_");

let inside: ReplayProvider;
let outside: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  inside = await ReplayProvider.start(good);
  outside = await ReplayProvider.start(good);
  gateway = await Gateway.start({
    providers: [providerEntry(outside.url, { id: "outside" }), providerEntry(inside.url, { id: "inside" })],
    config: {
      routes: [
        { name: "both", targets: [{ model: "outside/model-a" }, { model: "inside/model-a" }] },
        { name: "inner", targets: [{ model: "inside/model-b" }] },
      ],
      policy: {
        rules: [
          { name: "incidents stay inside", when: { task: "incident" }, allow: ["inside/*"] },
          { name: "docs go inside", when: { task: "docs" }, route: "inner" },
          { name: "no games", when: { task: "game*" }, refuse: "Play after work." },
          { name: "secrets stay here", when: { secrets: true, task: "code" }, redact: true },
        ],
      },
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  await inside.stop();
  await outside.stop();
});
beforeEach(() => {
  inside.requests.length = 0;
  outside.requests.length = 0;
});

const post = (model: string, task?: string, content = "hi") =>
  gateway.post(
    "/v1/chat/completions",
    { model, messages: [{ role: "user", content }] },
    task === undefined ? {} : { "x-postern-task": task },
  );

describe("a policy rule", () => {
  it("that does not fit changes nothing", async () => {
    const response = await post("both");
    expect(response.headers.get("x-postern-provider")).toBe("outside");
    expect(response.headers.get("x-postern-policy")).toBeNull();
  });

  it("takes the targets away that it does not allow, and names itself", async () => {
    const response = await post("both", "incident");
    expect(response.status).toBe(200);
    expect(response.headers.get("x-postern-provider")).toBe("inside");
    expect(response.headers.get("x-postern-policy")).toContain('"incidents stay inside"');
    expect(outside.requests).toHaveLength(0);
  });

  it("refuses where nothing is left, in the client's protocol, before anything is sent", async () => {
    const response = await post("outside/model-a", "incident");
    expect(response.status).toBe(403);
    const { error } = (await response.json()) as { error: { message: string; code: string } };
    expect(error.code).toBe("policy_refused");
    expect(error.message).toContain("incidents stay inside");
    expect(response.headers.get("x-postern-policy")).toContain("refused");
    expect(outside.requests).toHaveLength(0);
  });

  it("sends a request to another route", async () => {
    const response = await post("outside/model-a", "docs");
    expect(response.headers.get("x-postern-model")).toBe("model-b");
    expect(inside.requests).toHaveLength(1);
  });

  it("refuses with its own reason", async () => {
    const response = await post("both", "games");
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("Play after work.");
  });

  it("takes secrets out of what is sent, and leaves the rest to the byte", async () => {
    const response = await post("inside/model-a", "code", `the token is ${SECRET}, use it`);
    expect(response.status).toBe(200);
    const sent = (await inside.last.body).toString();
    expect(sent).not.toContain(SECRET);
    expect(JSON.parse(sent).messages[0].content).toMatch(/^the token is .+, use it$/);
    await post("inside/model-a", undefined, `the token is ${SECRET}, use it`);
    expect((await inside.last.body).toString()).toContain(SECRET);
  });

  it("is not told to the provider", async () => {
    await post("inside/model-a", "incident");
    expect(Object.keys(inside.last.headers).filter((name) => name.startsWith("x-postern"))).toEqual([]);
  });
});
