import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { PATH, type Protocol, recording } from "../support/recordings";
import { cutStream, json, ReplayProvider, stream } from "../support/replayProvider";
import { within } from "../support/waiting";

let provider: ReplayProvider;
let gateway: Gateway;
const SAMPLE: Record<Protocol, string> = {
  chat: "chat-text.sse",
  responses: "responses-tools.sse",
  messages: "messages-thinking.sse",
};
const protocols = Object.keys(SAMPLE) as Protocol[];
const framesOf = (protocol: Protocol) =>
  recording(SAMPLE[protocol])
    .toString()
    .split(/(?<=\n\n)/);

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, { id: "chat" }),
      providerEntry(provider.url, { id: "responses", wireApi: "responses" }),
      providerEntry(provider.url, { id: "messages", type: "anthropic" }),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const ask = (protocol: Protocol) =>
  fetch(`${gateway.url}${PATH[protocol]}`, {
    method: "POST",
    headers: { "x-api-key": GATEWAY_KEY },
    body: JSON.stringify({
      model: `${protocol}/model-a`,
      stream: true,
      ...(protocol === "chat" ? { stream_options: { include_usage: true } } : {}),
    }),
  });

/** The terminal event behind what the provider sent, as fields. */
function lastEvent(text: string) {
  const frame = text.trimEnd().split("\n\n").at(-1) ?? "";
  return JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? "{}");
}

describe("a stream arrives as it is sent", () => {
  it.each(protocols)("%s: each event is there while the provider waits with the next", async (protocol) => {
    const frames = framesOf(protocol);
    let release = () => {};
    provider.play = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const frame of frames) {
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        response.write(frame);
        await released;
      }
      response.end();
    };
    const answer = await within(ask(protocol), "the headers");
    const reader = answer.body?.getReader();
    let got = "";
    for (let count = 1; count <= frames.length; count += 1) {
      const expected = frames.slice(0, count).join("");
      while (got.length < expected.length) {
        const { value } = (await within(reader?.read() ?? Promise.reject(), `event ${count}`)) as {
          value: Uint8Array;
        };
        got += Buffer.from(value).toString();
      }
      expect(got).toBe(expected);
      release();
    }
    expect((await reader?.read())?.done).toBe(true);
  });

  it("half an event is held until it is whole", async () => {
    let release = () => {};
    provider.play = async ({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"choices":[{"delta":{"content":"one"}}]}\n\ndata: {"cho');
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      response.end('ices":[{"finish_reason":"stop"}]}\n\n');
    };
    const reader = (await ask("chat")).body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe(
      'data: {"choices":[{"delta":{"content":"one"}}]}\n\n',
    );
    release();
    const second = await reader?.read();
    expect(Buffer.from(second?.value ?? []).toString()).toBe(
      'data: {"choices":[{"finish_reason":"stop"}]}\n\n',
    );
  });
});

describe("a stream that is cut", () => {
  const howMany = { chat: 3, responses: 5, messages: 6 };

  it.each(
    protocols.flatMap((protocol) =>
      (["fin", "reset", "end"] as const).map((how) => [protocol, how] as const),
    ),
  )("%s by %s: whole events, then the protocol's own terminal error", async (protocol, how) => {
    const whole = framesOf(protocol).slice(0, howMany[protocol]).join("");
    const sent = [`${whole}data: {"half of an ev`];
    provider.play = how === "end" ? stream(sent) : cutStream(sent, how);
    const answer = await ask(protocol);
    const text = await within(answer.text(), "the end of the stream");
    expect(text.startsWith(whole)).toBe(true);
    const event = lastEvent(text);
    if (protocol === "chat")
      expect(event.error).toMatchObject({ type: "server_error", message: expect.any(String) });
    if (protocol === "messages") expect(event).toMatchObject({ type: "error", error: { type: "api_error" } });
    if (protocol === "responses")
      expect(event).toMatchObject({
        type: "response.failed",
        sequence_number: 5,
        response: { id: "resp_own1", status: "failed", error: { code: "server_error" } },
      });
    expect(text.slice(whole.length)).not.toContain("half of an ev");
  });

  it.each(protocols)("%s before its first event: a 502 in the protocol's JSON", async (protocol) => {
    for (const play of [stream([]), cutStream([], "fin"), cutStream([], "reset"), stream(["data: {"])]) {
      provider.play = play;
      const answer = await ask(protocol);
      const body = (await answer.json()) as { type?: string; error: { message: string } };
      expect([answer.status, answer.headers.get("content-type")]).toEqual([502, "application/json"]);
      expect(body.error.message).toContain(`"${protocol}"`);
      if (protocol === "messages") expect(body.type).toBe("error");
    }
  });

  it.each(protocols)("%s after its terminal event is complete, and gets nothing added", async (protocol) => {
    const bytes = recording(SAMPLE[protocol]).toString();
    for (const how of ["fin", "reset"] as const) {
      provider.play = cutStream([bytes], how);
      expect(await (await ask(protocol)).text()).toBe(bytes);
    }
  });

  it.each(protocols)("%s in its last line only, is passed on to the last byte", async (protocol) => {
    const bytes = recording(SAMPLE[protocol]).toString().trimEnd();
    provider.play = stream([bytes]);
    expect(await (await ask(protocol)).text()).toBe(bytes);
  });

  it("plain JSON: nothing sent is a 502, half of it a broken connection", async () => {
    provider.play = ({ response, socket }) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 100 });
      response.flushHeaders();
      setTimeout(() => socket.destroy(), 50);
    };
    const answer = await gateway.post("/v1/chat/completions", '{"model":"chat/model-a"}');
    expect([answer.status, await answer.text()]).toEqual([
      502,
      expect.stringContaining("provider_unreachable"),
    ]);
    provider.play = ({ response, socket }) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 100 });
      response.write('{"half":');
      setTimeout(() => socket.destroy(), 50);
    };
    const half = await gateway.post("/v1/chat/completions", '{"model":"chat/model-a"}');
    await expect(half.text()).rejects.toThrow();
  });
});

describe("events of any size", () => {
  it.each([1, 9, 30])("of %i MB pass to the byte", { timeout: 60_000 }, async (megabytes) => {
    const huge = `data: {"choices":[{"delta":{"content":"${"x".repeat(megabytes * 1024 * 1024)}"}}]}\n\n`;
    const end = 'data: {"choices":[{"finish_reason":"stop","delta":{}}]}\n\ndata: [DONE]\n\n';
    provider.play = stream([huge, end]);
    expect((await (await ask("chat")).text()) === huge + end).toBe(true);
  });

  it("that are too large to hold and are cut end with the connection", async () => {
    provider.play = cutStream([`data: "${"x".repeat(20 * 1024 * 1024)}`], "fin");
    const answer = await ask("chat");
    await expect(answer.text()).rejects.toThrow();
  });
});
