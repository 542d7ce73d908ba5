import { describe, expect, it } from "vitest";
import { translated } from "./support/translate";

const schema = { type: "object", properties: {} };
const tool = (name: string) => ({ name, input_schema: schema });
const said = (role: string, content: unknown, more: object = {}) => ({ role, content, ...more });
const request = (messages: object[], tools: object[] = []) => ({
  model: "m",
  max_tokens: 99,
  messages,
  tools,
});

describe("a conversation that Anthropic has compacted", () => {
  const summary = { type: "compaction", content: "They build a boat.", signature: "c2ln" };

  it("goes on from its summary at another provider", () => {
    const { json, dropped } = translated(
      "messages",
      "chat",
      request([said("assistant", [summary]), said("user", "Go on.")]),
    );
    expect(json.messages).toEqual([
      { role: "assistant", content: "They build a boat." },
      { role: "user", content: "Go on." },
    ]);
    expect(dropped).toEqual([]);
  });

  it("is told where there is nothing to read, and not where there was nothing to say", () => {
    const body = (block: object) =>
      request([said("user", "Hi."), said("assistant", [block]), said("user", "?")]);
    const failed = { type: "compaction", content: null };
    expect(translated("messages", "chat", body(failed)).dropped).toEqual([]);
    const sealed = { ...failed, encrypted_content: "ZW5j" };
    expect(translated("messages", "chat", body(sealed)).dropped).toEqual(["content.compaction"]);
  });
});

describe("a system message for one turn", () => {
  const once = said("system", "Be brief.", { clear_at: "next_user_message" });
  const contents = (...messages: object[]) =>
    translated("messages", "responses", request(messages)).json.input.map(
      (item: { content: { text: string }[] }) => item.content[0]?.text,
    );

  it("is shown in its turn alone", () => {
    expect(contents(said("user", "a"), once)).toEqual(["a", "Be brief."]);
    expect(contents(said("user", "a"), once, said("assistant", "b"), said("user", "c"))).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  it("stays where it is to stay", () => {
    const always = { ...once, clear_at: "never" };
    const body = request([said("user", "a"), always, said("assistant", "b"), said("user", "c")]);
    const { json, dropped } = translated("messages", "responses", body);
    expect(json.input).toHaveLength(4);
    expect(dropped).toEqual([]);
  });
});

describe("tools that come and go within a conversation", () => {
  const addition = (name: string) => ({
    type: "tool_addition",
    tool: { type: "tool_definition", definition: tool(name) },
  });
  const change = (type: string, name: string) => ({ type, tool: { type: "tool_reference", name } });
  const names = (messages: object[], tools: object[]) => {
    const { json, dropped } = translated("messages", "chat", request(messages, tools));
    expect(dropped).toEqual([]);
    return (json.tools ?? []).map((entry: { function: { name: string } }) => entry.function.name);
  };

  it("are those in effect at its end", () => {
    const messages = [
      said("user", "a"),
      said("system", [
        addition("read"),
        change("tool_removal", "write"),
        { type: "text", text: "Read now." },
      ]),
      said("assistant", "b"),
      said("user", "c"),
    ];
    expect(names(messages, [tool("write"), tool("list")])).toEqual(["list", "read"]);
    const again = [...messages, said("system", [change("tool_addition", "write")])];
    expect(names(again, [tool("write"), tool("list")])).toEqual(["write", "list", "read"]);
  });

  it("also where they stand in a compaction", () => {
    const summary = { type: "compaction", content: "So far.", tool_changes: [addition("read")] };
    expect(names([said("assistant", [summary]), said("user", "c")], [])).toEqual(["read"]);
  });
});
