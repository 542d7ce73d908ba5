import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { auditSchema } from "../../../src/core/config/schema";
import { auditLevelFor } from "../../../src/core/governance/audit/auditLevel";
import { canonicalJson } from "../../../src/core/governance/audit/canonicalJson";
import { withoutLooseEnd } from "../../../src/core/governance/audit/cutText";
import { readableAnswer, readableRequest } from "../../../src/core/governance/audit/readable";
import { searchableText, searchExpression } from "../../../src/core/governance/audit/searchableText";
import { wholeAnswer } from "../../../src/core/governance/audit/wholeAnswer";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { recording } from "../../support/recordings";
import { caller } from "../../support/records";

const requests = join(import.meta.dirname, "../../recordings/requests");

const bodyOf = (file: string): string =>
  JSON.stringify(JSON.parse(readFileSync(join(requests, file), "utf8")).body);

describe("a stream as it is kept", () => {
  it.each<[WireProtocol, string, string]>([
    ["chat", "chat-tools.sse", "toolCall"],
    ["chat", "chat-text.sse", "text"],
    ["messages", "messages-tools.sse", "toolCall"],
    ["messages", "messages-thinking.sse", "thinking"],
    ["responses", "responses-tools.sse", "toolCall"],
  ])("of %s (%s) is one answer that can be read", (protocol, file, kind) => {
    const kept = wholeAnswer(protocol, recording(file).toString());
    const { blocks, stop, error } = JSON.parse(kept);
    expect(blocks.map((block: { kind: string }) => block.kind)).toContain(kind);
    expect({ stop: typeof stop, error }).toEqual({ stop: "string", error: undefined });
    const [turn] = readableAnswer(protocol, kept) ?? [];
    expect(turn?.parts.length).toBe(blocks.length);
  });

  it.each<WireProtocol>(["chat", "messages", "responses"])(
    "of %s that breaks off anywhere is kept as far as it came",
    (protocol) => {
      const whole = recording(protocol === "chat" ? "chat-tools.sse" : `${protocol}-tools.sse`).toString();
      for (let at = 0; at < whole.length; at += 97) {
        const kept = JSON.parse(wholeAnswer(protocol, `data: x\n\n${whole.slice(0, at)}`));
        expect(kept.error ?? kept.stop).toBeTruthy();
      }
    },
  );

  it.each<[WireProtocol, object]>([
    ["chat", { choices: [{ message: { content: "sk-1234" }, logprobs: { content: [{ token: "sk-1" }] } }] }],
    [
      "responses",
      { output: [{ content: [{ text: "sk-1234", logprobs: [{ token: "sk-1" }] }] }, { type: "reasoning" }] },
    ],
  ])(
    "that is none, of %s, leaves out what it says of each token, in which no secret is found",
    (protocol, answer) => {
      const text = JSON.stringify(answer);
      const kept = wholeAnswer(protocol, text);
      expect(kept).toContain('"sk-1234"');
      expect(kept).not.toContain("token");
      // More came than is kept.
      const cut = wholeAnswer(protocol, text.slice(0, -6), true);
      expect(cut).toContain('"sk-1234"');
      expect(cut).not.toContain("token");
    },
  );

  it("that is none, and says nothing of tokens, stays to the letter", () => {
    const chat = '{ "choices": [ {"logprobs": null, "message": {"content": "the \\"logprobs\\" of 1.0"}} ] }';
    expect(wholeAnswer("chat", chat)).toBe(chat);
    const asked = '{ "content": [ {"type": "tool_use", "input": {"logprobs": {"token": 1}}} ] }';
    expect(wholeAnswer("messages", asked)).toBe(asked);
  });

  it("that is none stays as it is", () => {
    for (const text of ["", "{}", "<html>", "plain"]) expect(wholeAnswer("chat", text)).toBe(text);
  });
});

describe("a request as it is read", () => {
  it.each<[WireProtocol, string]>([
    ["messages", "claude-code.json"],
    ["responses", "codex.json"],
    ["chat", "copilot-chat.json"],
  ])("of an agent in %s is its conversation", (protocol, file) => {
    const turns = readableRequest(protocol, bodyOf(file)) ?? [];
    expect(turns.map(({ who }) => who)).toContain("user");
    expect(turns.flatMap(({ parts }) => parts).every(({ text }) => typeof text === "string")).toBe(true);
  });

  it("that is none, or was cut, is not made up", () => {
    for (const text of ["", "[]", "nothing", '{"model":"m","messages":[{"role":"us', '{"messages":5}'])
      expect(readableRequest("chat", text)).toBeUndefined();
  });
});

describe("the end of a text that was cut", () => {
  const begun = ["-----BEGIN RSA", "PRIVATE KEY-----\nMIIabc"].join(" ");
  it.each([
    ["words and sk-half", "words and "],
    ["words and ", "words and "],
    [`text ${begun}`, "text "],
    [
      `text ${begun}\n-----END RSA PRIVATE KEY----- and more wor`,
      `text ${begun}\n-----END RSA PRIVATE KEY----- and more `,
    ],
    [`${"x ".repeat(600)}${"y".repeat(600)}`, `${"x ".repeat(600)}${"y".repeat(88)}`],
  ])("%# holds no first half of a secret", (text, wanted) => {
    expect(withoutLooseEnd(text)).toBe(wanted);
  });
});

describe("a search", () => {
  it("takes what a person types for words, whatever it is", () => {
    expect(searchExpression('Xylophon "NOT" (a OR b)* -c:d')).toBe(
      '"Xylophon"* AND "NOT"* AND "a"* AND "OR"* AND "b"* AND "c"* AND "d"*',
    );
    expect(searchExpression(' *"- ')).toBeUndefined();
  });

  it("finds what was said, and neither ids nor base64", () => {
    const text = searchableText(
      JSON.stringify({
        id: "msg_1",
        messages: [{ role: "user", content: `hello ${"A".repeat(300)}` }],
        x: { data: "iVBOR" },
      }),
    );
    expect(text).toContain("hello");
    for (const absent of ["msg_1", "iVBOR", "AAAA"]) expect(text).not.toContain(absent);
  });
});

it("equal values are equal texts, and JSON", () => {
  const one = { b: [1, undefined, { d: null, c: "ü\n" }], a: undefined, "10": true, "9": -0.5 };
  const other = { "9": -0.5, "10": true, b: [1, undefined, { c: "ü\n", d: null }] };
  expect(canonicalJson(one)).toBe(canonicalJson(other));
  expect(canonicalJson(one)).toBe('{"10":true,"9":-0.5,"b":[1,null,{"c":"ü\\n","d":null}]}');
  expect(JSON.parse(canonicalJson(one))).toEqual(JSON.parse(JSON.stringify(one)));
});

describe("how much is kept of a workspace's requests", () => {
  it.each([
    ["C:\\Clients\\**", "c:\\clients\\acme", "off"],
    ["c:/clients/**", "C:\\Clients\\acme", "off"],
    ["/srv/Clients/**", "/srv/clients/acme", "metadata"],
    ["/srv/clients/*", "/srv/clients/acme/api", "off"],
  ])("of %s for %s is %s: Windows does not tell cases apart", (pattern, folder, level) => {
    const config = auditSchema.parse({ workspaces: { [pattern]: "off" } });
    expect(auditLevelFor(config, caller({ workspace: { folder } }))).toBe(level);
  });
});
