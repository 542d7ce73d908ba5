import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import * as vscode from "vscode";
import type { WireProtocol } from "../../src/core/protocols/wire";
import { suite, test } from "../registry";
import { PROVIDER_KEY } from "../support/keys";
import { ReplayProvider, writeAll } from "../support/replayProvider";
import { Refusal } from "../support/scripted/refusal";
import { ScriptedProvider } from "../support/scriptedProvider";
import { within } from "../support/waiting";
import { clean, postern, statusOf, until } from "./support/postern";

const MODEL: Record<WireProtocol, string> = {
  chat: "deepseek-r1",
  responses: "gpt-5.1",
  messages: "claude-sonnet-4-5",
};
const PROTOCOLS = ["chat", "responses", "messages"] as const;

/** The extension with one provider for each protocol, all of them at one address. */
async function withProviders(
  url: string,
  work: (models: Record<WireProtocol, vscode.LanguageModelChat>) => Promise<void>,
): Promise<void> {
  const api = await postern();
  await clean(api);
  for (const id of PROTOCOLS) {
    const type = id === "messages" ? "anthropic" : "openai";
    const wireApi = id === "responses" ? "responses" : "completions";
    const models = [{ id: MODEL[id] }];
    await api.registry.add({ id, type, wireApi, baseUrl: url, models }, PROVIDER_KEY);
  }
  const found = await vscode.lm.selectChatModels({ vendor: "postern" });
  const byId = (id: WireProtocol): vscode.LanguageModelChat => {
    const model = found.find((one) => one.id === `${id}/${MODEL[id]}`);
    ok(model, `${id} is not among ${found.map((one) => one.id).join(", ") || "no models"}`);
    return model;
  };
  await work({ chat: byId("chat"), responses: byId("responses"), messages: byId("messages") });
}

async function withScripted(
  work: (provider: ScriptedProvider, models: Record<WireProtocol, vscode.LanguageModelChat>) => Promise<void>,
): Promise<void> {
  const provider = await ScriptedProvider.start(() => ({ text: "unset" }));
  try {
    await withProviders(provider.url, (models) => work(provider, models));
    deepEqual(provider.refusals, []);
  } finally {
    await provider.stop();
  }
}

async function partsOf(
  model: vscode.LanguageModelChat,
  messages: vscode.LanguageModelChatMessage[],
  options: vscode.LanguageModelChatRequestOptions = {},
): Promise<unknown[]> {
  const response = await model.sendRequest(messages, options);
  const parts: unknown[] = [];
  for await (const part of response.stream) parts.push(part);
  return parts;
}

const textOf = (parts: readonly unknown[]): string =>
  parts.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : "")).join("");
const user = vscode.LanguageModelChatMessage.User;

const TOOL: vscode.LanguageModelChatTool = {
  name: "read_file",
  description: "Reads a file",
  inputSchema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
};

suite("models in VS Code's Chat", () => {
  test("are those of the enabled providers, as they are known", async () => {
    const api = await postern();
    await clean(api);
    deepEqual(await vscode.lm.selectChatModels({ vendor: "postern" }), []);
    const models = [
      { id: "anthropic/claude-sonnet-4-5-20250929", name: "Sonnet", contextWindow: 200_000 },
      { id: "text-embedding-3-small" },
    ];
    const changed = new Promise<void>((resolve) => {
      const listening = vscode.lm.onDidChangeChatModels(() => {
        listening.dispose();
        resolve();
      });
    });
    await api.registry.add(
      { id: "router", name: "My Router", type: "openai", baseUrl: "http://127.0.0.1:9/v1", models },
      "sk-x",
    );
    await within(changed, "word of new models");
    const found = await vscode.lm.selectChatModels({ vendor: "postern" });
    equal(found.length, 1);
    const [model] = found;
    equal(model?.id, "router/anthropic/claude-sonnet-4-5-20250929");
    equal(model?.name, "Sonnet");
    equal(model?.family, "claude-sonnet-4-5");
    ok(model.maxInputTokens > 100_000 && model.maxInputTokens < 200_000);
    await api.registry.patch({ kind: "provider", id: "router", index: 0 }, { enabled: false });
    await until("the disabled provider", () => statusOf(api)?.providers[0]?.state === "disabled");
    deepEqual(await vscode.lm.selectChatModels({ vendor: "postern" }), []);
  });

  for (const protocol of PROTOCOLS) {
    test(`answer in pieces and say what they used (${protocol})`, async () => {
      await withScripted(async (provider, models) => {
        provider.play(() => ({ text: "Hello from the model." }));
        const parts = await partsOf(models[protocol], [user("Hi")], {
          modelOptions: { _conversationId: "canary-41c", _telemetryTurn: "canary-41c", temperature: 1 },
        });
        equal(textOf(parts), "Hello from the model.");
        ok(parts.length > 2, "it came in one piece");
        deepEqual([...provider.asked], [protocol]);
        const usage = parts.find((part) => part instanceof vscode.LanguageModelDataPart);
        equal(usage?.mimeType, "usage");
        const counts = JSON.parse(new TextDecoder().decode(usage?.data));
        deepEqual([counts.prompt_tokens, counts.completion_tokens, counts.total_tokens], [100, 25, 125]);
        const { body, rawHeaders } = provider.wire.last;
        ok(
          !`${await body} ${rawHeaders.join(" ")}`.includes("canary-41c"),
          "an option of VS Code's own went on",
        );
      });
    });

    test(`think, call a tool and read its result (${protocol})`, async () => {
      await withScripted(async (provider, models) => {
        provider.play((seen) =>
          seen.answersResult
            ? { text: `It says ${seen.results.at(-1)?.text}` }
            : { reasoning: "I must read it.", calls: [{ name: "read_file", input: '{"path":"a.txt"}' }] },
        );
        const first = await partsOf(models[protocol], [user("What is in a.txt?")], {
          tools: [TOOL],
          modelOptions: { reasoning_effort: "low" },
        });
        const call = first.find((part) => part instanceof vscode.LanguageModelToolCallPart);
        ok(call);
        deepEqual([call.name, call.input], ["read_file", { path: "a.txt" }]);
        const thinking = first.filter((part) => part instanceof vscode.LanguageModelThinkingPart);
        equal(thinking.map(({ value }) => value).join(""), "I must read it.");
        const said = [...thinking, call] as vscode.LanguageModelToolCallPart[];
        const result = new vscode.LanguageModelToolResultPart(call.callId, [
          new vscode.LanguageModelTextPart("42"),
        ]);
        const second = await partsOf(
          models[protocol],
          [user("What is in a.txt?"), vscode.LanguageModelChatMessage.Assistant(said), user([result])],
          { tools: [TOOL], modelOptions: { reasoning_effort: "low" } },
        );
        equal(textOf(second), "It says 42");
        deepEqual(provider.last.thinking, ["I must read it."]);
      });
    });
  }

  test("see images, and have to call a tool where one is required", async () => {
    await withScripted(async (provider, models) => {
      provider.play(() => ({ calls: [{ name: "read_file", input: "{}" }] }));
      const data = new Uint8Array(
        Buffer.from(
          "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
          "base64",
        ),
      );
      const image = vscode.LanguageModelDataPart.image(data, "image/png");
      await partsOf(models.responses, [user([new vscode.LanguageModelTextPart("Look"), image])], {
        tools: [TOOL],
        toolMode: vscode.LanguageModelChatToolMode.Required,
      });
      equal(provider.last.images[0], `data:image/png;base64,${Buffer.from(data).toString("base64")}`);
      equal(provider.last.body.tool_choice, "required");
    });
  });

  test("are ended at the provider when whoever asked cancels", async () => {
    const slow = await ReplayProvider.start(async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      const choices = [{ index: 0, delta: { role: "assistant", content: "One" }, finish_reason: null }];
      const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices };
      await writeAll(response, [`data: ${JSON.stringify(chunk)}\n\n`]);
    });
    try {
      await withProviders(slow.url, async ({ chat }) => {
        const cancellation = new vscode.CancellationTokenSource();
        const response = await chat.sendRequest([user("Count")], {}, cancellation.token);
        for await (const part of response.stream) {
          ok(part instanceof vscode.LanguageModelTextPart);
          cancellation.cancel();
          break;
        }
        deepEqual(await within(slow.last.closed, "the provider's end"), { early: true });
      });
    } finally {
      await slow.stop();
    }
  });

  test("fail with what is wrong and what to do", async () => {
    await withScripted(async (provider, models) => {
      provider.play(() => {
        throw new Refusal("Incorrect API key provided.", { status: 401 });
      });
      const asking = partsOf(models.responses, [user("Hi")]);
      await rejects(asking, (error: unknown) => {
        ok(error instanceof vscode.LanguageModelError);
        equal(error.code, "NoPermissions");
        match(error.message, /^responses: Incorrect API key provided\. .*"Postern: Replace Key"/);
        return true;
      });
    });
  });

  test("count tokens by themselves, and fast", async () => {
    await withScripted(async (provider, { chat }) => {
      const text = "The quick brown fox jumps over the lazy dog. ".repeat(20);
      const counted = await chat.countTokens(text);
      ok(counted > 150 && counted < 260, `${counted} tokens for 200`);
      ok((await chat.countTokens(user(text))) >= counted);
      deepEqual(provider.seen, []);
    });
  });

  test("are chosen for VS Code's utility tasks by a command", async () => {
    await withScripted(async () => {
      const chat = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration("chat");
      ok(chat().inspect("utilityModel"), "VS Code has no such setting");
      const chosen = vscode.commands.executeCommand("postern.chooseUtilityModel");
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
      await within(Promise.resolve(chosen), "the command's end");
      equal(chat().get("utilityModel"), `postern/chat/${MODEL.chat}`);
      equal(chat().get("utilitySmallModel"), `postern/chat/${MODEL.chat}`);
      await chat().update("utilityModel", undefined, vscode.ConfigurationTarget.Global);
      await chat().update("utilitySmallModel", undefined, vscode.ConfigurationTarget.Global);
    });
  });
});
