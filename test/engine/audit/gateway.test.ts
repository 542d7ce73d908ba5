import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Gateway, PROVIDER_KEY, providerEntry, runCli, temporaryFolder } from "../../support/gateway";
import { recording } from "../../support/recordings";
import { cutStream, json, ReplayProvider, stream } from "../../support/replayProvider";
import { secretShapes } from "../../support/secretShapes";
import { chatStream } from "./stage";

let provider: ReplayProvider;
let gateway: Gateway | undefined;
let data: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  data = temporaryFolder();
  provider = await ReplayProvider.start(json({}));
});
afterEach(async () => {
  await gateway?.stop();
  await provider.stop();
  data.remove();
});

async function start(config: Record<string, unknown>): Promise<Gateway> {
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url),
      providerEntry(provider.url, { id: "claude", type: "anthropic", models: [{ id: "sonnet" }] }),
    ],
    config,
    dataDir: data.path,
  });
  return gateway;
}

interface Line {
  readonly record: Record<string, unknown>;
  readonly content?: {
    readonly request?: { readonly text: string };
    readonly answer?: { readonly text: string };
  };
}

/** Ends the gateway, so that all is written, and reads the audit as a person would. */
async function audited(): Promise<Line[]> {
  expect(await gateway?.stop()).toBe(0);
  gateway = undefined;
  const { code, stdout } = await runCli(["audit", "export", "--data", data.path, "--content"]);
  expect(code).toBe(0);
  expect((await runCli(["audit", "verify", "--data", data.path])).code).toBe(0);
  return stdout.trim() === ""
    ? []
    : stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
}

const ask = (text: string, more: object = {}) => ({
  model: "model-a",
  messages: [{ role: "user", content: text }],
  ...more,
});

describe("the audit of a gateway", () => {
  it("keeps who asked what and where it went, and nothing of what was said, unless it is told to", async () => {
    provider.play = stream(chatStream("Hello ", "there"));
    const { id } = await start({}).then(async (one) => {
      const response = await one.post("/v1/chat/completions", ask("xylophone", { stream: true }));
      await response.text();
      return { id: response.headers.get("x-request-id") };
    });
    const [line, ...others] = await audited();
    expect(others).toEqual([]);
    expect(line?.record).toMatchObject({
      id,
      provider: "fake",
      model: "model-a",
      outcome: "answered",
      caller: { name: "test" },
    });
    expect(line).not.toHaveProperty("content");
    for (const name of readdirSync(data.path)) {
      const path = join(data.path, name);
      if (existsSync(path)) expect(readFileSync(path, "latin1").toLowerCase()).not.toContain("xylophone");
    }
  });

  it("keeps the whole of it: a stream put together, as the client got it, without secrets", async () => {
    const [{ secret } = { secret: "" }] = secretShapes();
    provider.play = stream(chatStream("Use ", secret.slice(0, 20), secret.slice(20), " and ", PROVIDER_KEY));
    const one = await start({ audit: { level: "full" } });
    const response = await one.post("/v1/chat/completions", ask(`My key is ${secret}`, { stream: true }));
    // The client gets what the provider said.
    expect((await response.text()).replace(/"}.*?"content":"/gs, "")).toContain(secret.slice(0, 10));
    const [line] = await audited();
    expect(JSON.parse(line?.content?.request?.text ?? "")).toEqual(
      ask("My key is [redacted openai]", { stream: true }),
    );
    expect(JSON.parse(line?.content?.answer?.text ?? "").blocks).toMatchObject([
      { kind: "text", text: "Use [redacted openai] and [redacted configured]" },
    ]);
  });

  it("of a translated answer keeps what the client got", async () => {
    provider.play = stream([recording("messages-tools.sse")], { "content-type": "text/event-stream" });
    const one = await start({ audit: { level: "full" } });
    const response = await one.post("/v1/chat/completions", {
      ...ask("hi", { stream: true }),
      model: "claude/sonnet",
    });
    await response.text();
    const [line] = await audited();
    expect(line?.record).toMatchObject({ protocolIn: "chat", protocolOut: "messages" });
    const { blocks } = JSON.parse(line?.content?.answer?.text ?? "{}");
    expect(blocks.some(({ kind }: { kind: string }) => kind === "toolCall")).toBe(true);
  });

  it("of an answer that was cut keeps what had come", async () => {
    const [first = ""] = chatStream("The half of it");
    provider.play = cutStream([first], "reset");
    const one = await start({ audit: { level: "full" } });
    await one
      .post("/v1/chat/completions", ask("hi", { stream: true }))
      .then((response) => response.text())
      .catch(() => "");
    const [line] = await audited();
    expect(line?.record).toMatchObject({ outcome: "cut" });
    expect(line?.content?.answer?.text).toContain("The half of it");
  });

  it("keeps everything where a rule wants it for that class of providers, and redacts what is sent", async () => {
    provider.play = json({
      id: "c",
      choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
    });
    const rules = [
      { name: "keep what stays here", when: { providerClass: "local" }, audit: "full" },
      { name: "clean", when: { secrets: true }, redact: true },
    ];
    const one = await start({ audit: { level: "off" }, policy: { rules } });
    const [{ secret } = { secret: "" }] = secretShapes();
    const response = await one.post("/v1/chat/completions", ask(secret));
    expect(response.headers.get("x-postern-policy")).toBe(
      '"keep what stays here";from=settings;audit, "clean";from=settings;redact',
    );
    const sent = (await provider.requests[0]?.body)?.toString() ?? "";
    expect(JSON.parse(sent).messages).toEqual([{ role: "user", content: "[redacted openai]" }]);
    const [line] = await audited();
    expect(line?.record).toMatchObject({ policyRule: "keep what stays here, clean" });
    expect(line?.content?.request?.text).toContain("[redacted openai]");
    expect(line?.content?.answer?.text).toContain("ok");
  });

  it("of requests that were refused keeps that they were", async () => {
    const one = await start({ policy: { rules: [{ name: "stop", refuse: "not today" }] } });
    const response = await one.post("/v1/chat/completions", ask("hi"));
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("not today");
    expect(provider.requests).toEqual([]);
    const [line] = await audited();
    expect(line?.record).toMatchObject({
      outcome: "refused",
      errorCode: "policy_refused",
      policyRule: "stop",
    });
  });
});
