import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, providerEntry } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;
beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const MARK = "__copilotMessageSource";

async function sent(messages: readonly object[]) {
  const body = `{ "model":"model-a", "unknown": 1, "messages": ${JSON.stringify(messages)} }`;
  const response = await gateway.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  await response.text();
  const got = (await provider.requests.at(-1)?.body)?.toString() ?? "";
  return { body, got, dropped: response.headers.get("x-postern-dropped") };
}

describe("a session that Copilot's runtime goes on with", () => {
  it("reaches a provider without the runtime's own note, which strict servers refuse, and with all else", async () => {
    const tool = { role: "tool", tool_call_id: "c", content: "x", other: true };
    const { got, dropped } = await sent([{ ...tool, [MARK]: { kind: "tool", name: "view" } }]);
    expect(JSON.parse(got)).toEqual({ model: "model-a", unknown: 1, messages: [tool] });
    expect(dropped).toBe(MARK);
  });

  it("is not taken for one where somebody only writes of it", async () => {
    const { body, got, dropped } = await sent([
      { role: "user", content: `what is "${MARK}"?`, [`${MARK}s`]: 1 },
    ]);
    expect(got).toBe(body);
    expect(dropped).toBeNull();
  });
});
