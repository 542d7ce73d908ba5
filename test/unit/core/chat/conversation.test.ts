import { describe, expect, it } from "vitest";
import { conversationOf } from "../../../../src/core/chat/conversation";
import { estimateMessage, estimateText } from "../../../../src/core/chat/estimate";
import type { ChatAsk, ChatMessage, ChatPart } from "../../../../src/core/chat/parts";
import { promptTsxText } from "../../../../src/core/chat/promptTsx";
import { callerHeaders, callerOfHeaders } from "../../../../src/core/rpc/callerHeaders";
import { countTokens } from "../../../../src/engine/tokens/cl100k";

const text = (value: string): ChatPart => ({ kind: "text", text: value });
const message = (role: ChatMessage["role"], ...parts: ChatPart[]): ChatMessage => ({ role, parts });
const ask = (messages: ChatMessage[], options: ChatAsk["options"] = {}): ChatAsk => ({
  messages,
  tools: [],
  toolRequired: false,
  options,
  configuration: {},
});
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("VS Code's messages as a conversation", () => {
  it("has the instructions before everything else apart, and later ones in their place", () => {
    const { request } = conversationOf(
      ask([
        message("system", text("One")),
        message("system", text("Two")),
        message("user", text("Hi")),
        message("system", text("Later")),
      ]),
    );
    expect(request.system.map((block) => block.text)).toEqual(["One", "Two"]);
    expect(request.messages.map(({ role }) => role)).toEqual(["user", "system"]);
  });

  it("puts a tool's result behind its call, and what was said besides after it", () => {
    const { request } = conversationOf(
      ask([
        message("user", text("Go")),
        message("assistant", { kind: "toolCall", id: "c1", name: "t", input: { a: 1 } }),
        message("user", text("And hurry"), {
          kind: "toolResult",
          id: "c1",
          isError: true,
          parts: [text("no"), { kind: "promptTsx", value: TREE }],
        }),
      ]),
    );
    expect(request.messages.map(({ blocks }) => blocks.map(({ kind }) => kind))).toEqual([
      ["text"],
      ["toolCall"],
      ["toolResult"],
      ["text"],
    ]);
    expect(request.messages[2]?.blocks[0]).toMatchObject({
      isError: true,
      blocks: [{ text: "no" }, { text: "a\nb<image>" }],
    });
  });

  it("takes files as what a model reads of them", () => {
    const data = (mimeType: string, value: string): ChatPart => ({
      kind: "data",
      mimeType,
      data: bytes(value),
    });
    const { request, notCarried } = conversationOf(
      ask([
        message(
          "user",
          data("text/markdown", "# Hi"),
          data("application/json", "{}"),
          data("application/pdf", "%PDF"),
          data("image/JPEG", "x"),
          data("video/mp4", "x"),
          { kind: "unknown" },
        ),
      ]),
    );
    expect(request.messages[0]?.blocks).toMatchObject([
      { kind: "text", text: "# Hi" },
      { kind: "text", text: "{}" },
      { kind: "document", source: { mediaType: "application/pdf" } },
      { kind: "image", source: { mediaType: "image/jpeg" } },
      { kind: "text", text: "[Something of type video/mp4 stood here, which cannot be sent.]" },
    ]);
    expect(notCarried).toEqual(["video/mp4", "a part of an unknown kind"]);
  });

  it("knows the options that extensions send, and reports the others", () => {
    const { request, notCarried } = conversationOf(
      ask([message("user", text("Hi"))], {
        temperature: 0.2,
        topP: 0.9,
        max_tokens: 10.7,
        stop: "END",
        seed: 7,
        reasoningEffort: "high",
        n: 3,
        temperature2: 1,
        _private: "x",
        max_output_tokens: "many",
      }),
    );
    expect(request).toMatchObject({
      sampling: { temperature: 0.2, topP: 0.9, seed: 7 },
      maxTokens: 10,
      stop: ["END"],
      reasoning: { enabled: true, effort: "high" },
    });
    expect(notCarried).toEqual([
      "modelOptions.n",
      "modelOptions.temperature2",
      "modelOptions.max_output_tokens",
    ]);
  });

  it("does not think where VS Code's Chat asks for none", () => {
    const { request } = conversationOf({
      ...ask([message("user", text("Hi"))], { _enableThinking: false }),
      configuration: { reasoningEffort: "high" },
    });
    expect(request.reasoning).toMatchObject({ enabled: false });
  });

  it("refuses a result that answers nothing", () => {
    const lost: ChatPart = { kind: "toolResult", id: "c9", parts: [], isError: false };
    expect(() => conversationOf(ask([message("user", lost)]))).toThrow(/c9/);
  });
});

const TREE = {
  node: {
    type: 1,
    ctor: 2,
    children: [
      { type: 2, text: "a" },
      { type: 1, ctor: 2, children: [{ type: 2, text: "b", lineBreakBefore: true }] },
      { type: 1, ctor: 3, children: [], props: { src: "x" } },
    ],
  },
};

describe("the text of a prompt-tsx tree", () => {
  it("is what stands in it, whatever it is given", () => {
    expect(promptTsxText(TREE)).toBe("a\nb<image>");
    expect(promptTsxText(JSON.stringify(TREE))).toBe("a\nb<image>");
    expect(promptTsxText("plain")).toBe("plain");
    expect(promptTsxText({ other: 1 })).toBe('{"other":1}');
    expect(promptTsxText(undefined)).toBe("");
    const deep: { node: unknown } = { node: {} };
    for (let at = 0; at < 100_000; at++) deep.node = { type: 1, ctor: 2, children: [deep.node] };
    expect(promptTsxText(deep)).toBe("");
  });
});

describe("estimated tokens", () => {
  const samples: Record<string, string> = {
    English:
      "The engine is a child process that the first window starts, detached, and every later window joins. ",
    code: "export function isAnswering(pipePath: string): Promise<boolean> {\n  return new Promise((resolve) => {\n    const socket = connect(pipePath);\n",
    JSON: '{"name":"postern","version":"0.1.0","dependencies":{"undici":"^7.1.0","zod":"4.6.7"}}\n',
    German:
      "Die Bundesregierung hat beschlossen, dass die Förderung für Gebäudesanierungen weiterhin besteht. ",
    Chinese: "这个扩展让人们可以在本地使用自己的模型密钥,并且不会泄露任何信息。",
    Russian: "Правительство решило продолжить поддержку строительства домов. ",
    Hindi: "नमस्ते दुनिया यह एक परीक्षण है ",
  };
  it.each(Object.entries(samples))("of %s are near those of a tokenizer, and rather more", (_, sample) => {
    const whole = sample.repeat(20);
    const ratio = estimateText(whole) / countTokens(whole);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.6);
  });

  it("count what a message holds", () => {
    const image: ChatPart = { kind: "data", mimeType: "image/png", data: new Uint8Array(9) };
    expect(estimateMessage(message("user"))).toBe(3);
    expect(estimateMessage(message("user", image))).toBe(1603);
    const result: ChatPart = {
      kind: "toolResult",
      id: "c",
      isError: false,
      parts: [text("four words are here")],
    };
    expect(estimateMessage(message("user", result))).toBe(10);
    expect(estimateMessage(message("user", { kind: "data", mimeType: "usage", data: bytes("{}") }))).toBe(3);
  });
});

describe("the headers in which a window says who asks", () => {
  const read = (headers: Record<string, string>) => callerOfHeaders((name) => headers[name]);

  it("bring back what was said", () => {
    const workspace = { folder: "/дом/ü 1", remote: "https://x/y", branch: "a/b", trusted: false };
    expect(read(callerHeaders({ caller: "me.ext", workspace }))).toEqual({
      kind: "vscode",
      name: "me.ext",
      labels: {},
      workspace,
    });
  });

  it.each([
    {},
    { "x-postern-caller": "%E0%A4%A" },
    { "x-postern-workspace": "nonsense" },
    { "x-postern-workspace": encodeURIComponent('{"folder":7}') },
    { "x-postern-workspace": encodeURIComponent(`{"folder":"${"x".repeat(5000)}"}`) },
    { "x-postern-caller": "x".repeat(5000) },
  ])("say nothing where they are broken", (headers) => {
    expect(read(headers)).toEqual({ kind: "vscode", name: "vscode", labels: {} });
  });
});
