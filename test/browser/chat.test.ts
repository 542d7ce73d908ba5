import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { suite, test } from "../registry";
import { Refusal } from "../support/scripted/refusal";
import type { Turn } from "../support/scripted/turn";
import { ScriptedProvider } from "../support/scriptedProvider";
import { stage, until, Workbench } from "./workbench";

const ANSWER = "The file says that the gate opens at dawn.";

/** VS Code's Chat, in one window. */
class Chat {
  constructor(private readonly workbench: Workbench) {}

  private get page() {
    return this.workbench.page;
  }

  /** What was asked and answered in the conversation that shows. */
  async texts(): Promise<string[]> {
    return this.page.locator(".interactive-item-container:visible").allInnerTexts();
  }

  /** The button of the picker, which names the model that is chosen; where there is little room, for the ear alone. */
  picker(model: string): Locator {
    return this.page.locator(`[aria-label="Models, ${model}"]`).first();
  }

  async pickModel(search: string, name: string): Promise<void> {
    await this.page.locator(".model-picker-name:visible").first().click();
    const row = this.page.locator(`.action-widget:visible .monaco-list-row[aria-label^="${name}"]`).first();
    await until(`"${name}" in the picker`, async () => {
      const box = this.page.locator(".action-widget:visible input").first();
      await box.fill(search);
      return (await row.count()) > 0;
    });
    await this.workbench.screenshot("chat-picker");
    await row.click();
    await this.picker(name).waitFor({ state: "attached" });
  }

  async ask(question: string): Promise<void> {
    await this.page.locator(".interactive-input-part:visible .monaco-editor").first().click();
    await this.page.keyboard.type(question);
    await this.page.keyboard.press("Enter");
  }

  async untilSaid(text: string): Promise<void> {
    await until(
      `"${text}" in Chat`,
      async () => (await this.texts()).some((one) => one.includes(text)),
      30_000,
    );
  }
}

/** Holds a stream back before its second piece of text, until it is let go. */
function holdAnswers(provider: ScriptedProvider): { readonly letGo: () => void } {
  let letGo = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const play = provider.wire.play;
  provider.wire.play = (exchange) => {
    const { response } = exchange;
    const write = response.write.bind(response);
    let pieces = 0;
    response.write = ((chunk: string, written: () => void) => {
      if (/"text_delta"/.test(chunk)) pieces++;
      return write(chunk, () => (pieces === 1 ? void gone.then(written) : written()));
    }) as typeof response.write;
    return play(exchange);
  };
  return { letGo };
}

suite("Chat, as a person", () => {
  test("a Postern model is picked, calls a tool, and its answer streams in", async () => {
    const provider = await ScriptedProvider.start(() => ({ text: "unset" }));
    provider.key = undefined;
    const model = (id: string, name: string) => ({ id, name, contextWindow: 200_000 });
    const vscode = await stage().startVscode({
      "chat.allowAnonymousAccess": true,
      "postern.gateway.port": 0,
      "postern.providers": [
        {
          id: "mine",
          name: "My Server",
          type: "anthropic",
          baseUrl: provider.url,
          models: [model("claude-sonnet-4-5", "Sonnet of mine"), model("claude-haiku-4-5", "Haiku of mine")],
        },
      ],
    });
    const notes = join(vscode.userDataDir, "..", "workspace", "notes.txt");
    writeFileSync(notes, "The gate opens at dawn.\n");
    const input = JSON.stringify({ filePath: notes, startLine: 1, endLine: 10 });
    provider.play((seen): Turn => {
      if (seen.answersResult) return { text: ANSWER };
      if (!seen.tools.some(({ name }) => name === "read_file")) return { text: "Opening hours of the gate" };
      return { reasoning: "I have to read the file first.", calls: [{ name: "read_file", input }] };
    });
    const held = holdAnswers(provider);

    const workbench = await Workbench.open(vscode);
    await workbench.runCommand("Chat: Open Chat");
    const chat = new Chat(workbench);
    // They are there by themselves: nobody has had to open a list of models first.
    await until(
      "a model of Postern's in Chat",
      async () => (await chat.picker("Haiku of mine").count()) > 0,
      30_000,
    );
    await chat.pickModel("sonnet", "Sonnet of mine");
    await chat.ask("When does the gate open? See notes.txt");
    await chat.untilSaid("The file says");
    assert.ok(!(await chat.texts()).join().includes(ANSWER), "the answer came in one piece");
    held.letGo();
    await chat.untilSaid(ANSWER);

    assert.deepEqual(provider.refusals, []);
    assert.deepEqual([...provider.asked], ["messages"]);
    assert.equal(provider.last.model, "claude-sonnet-4-5");
    assert.match(provider.last.results[0]?.text ?? "", /The gate opens at dawn/);
    // Brought back by VS Code under the signature that the provider had put on it, or it would have refused.
    assert.deepEqual(provider.last.thinking, ["I have to read the file first."]);
    const told = JSON.stringify(provider.wire.requests.map(({ rawHeaders }) => rawHeaders));
    assert.doesNotMatch(told, /x-postern|_conversationId|notes\.txt/i);

    const widget = workbench.page.locator('[aria-label^="Context window usage"]:visible').first();
    await until("the tokens that the provider reported in the context widget", async () => {
      await widget.hover();
      return (await workbench.page.locator(".monaco-hover:visible, .context-view:visible").allInnerTexts())
        .join()
        .includes("125 / 200K");
    });
    await workbench.page.mouse.move(600, 300);
    for (const theme of ["light", "dark"] as const) {
      await workbench.useTheme(theme);
      await workbench.screenshot(`chat-answer-${theme}`);
    }

    // Counted like any other request: it went the way of the gateway, whose port is only opened now.
    await workbench.runCommand("Postern: Start Gateway");
    await until("Chat's requests in the status bar", async () =>
      (await workbench.statusBarTexts()).some((text) => /\b2 req\b.*\b250 tok/.test(text)),
    );

    await workbench.runCommand("Postern: Choose Model for VS Code's Utility Tasks…");
    await workbench.pickQuickItem("Utility Tasks", "Haiku of mine");
    // The settings have it by then.
    await workbench.notification("claude-haiku-4-5 for its utility tasks");
    await workbench.runCommand("Chat: New Chat");
    await chat.ask("Once more, please");
    await until(
      "VS Code's title from the model that was chosen",
      () => provider.seen.some(({ model: asked }) => asked === "claude-haiku-4-5"),
      30_000,
    );
    await until("the answer", () => provider.seen.filter(({ answersResult }) => answersResult).length === 2);

    provider.play(() => {
      throw new Refusal("invalid x-api-key", { status: 401 });
    });
    await chat.ask("And when does it close?");
    await chat.untilSaid("My Server: invalid x-api-key.");
    const said = (await chat.texts()).join("\n");
    assert.match(said, /run "Postern: Replace Key"/);
    assert.doesNotMatch(said, /extension\.js/);
    await workbench.screenshot("chat-refused");
    await workbench.close();
    await provider.stop();
  }, 240_000);
});
