import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import type { Player } from "../support/replayProvider";
import { ScriptedProvider } from "../support/scriptedProvider";
import { stage, until, Workbench } from "./workbench";

/** The models of the scene's provider. */
export const SONNET = "mine/claude-sonnet-4-5";
export const HAIKU = "mine/claude-haiku-4-5";
/** What stands in the scene's file. */
export const WRONG = "module.exports = (a, b) => a - b;\n";

/** A window on a folder with a file that wants mending, and a provider that plays what a test wants. */
export class AgentScene {
  private held: Player | undefined;

  private constructor(
    readonly provider: ScriptedProvider,
    readonly folder: string,
    readonly workbench: Workbench,
  ) {}

  /** @param runtime path of Copilot's */
  static async open(runtime: string): Promise<AgentScene> {
    const provider = await ScriptedProvider.start(() => ({ text: "unset" }));
    provider.key = undefined;
    const models = [SONNET, HAIKU].map((model) => ({
      id: model.slice("mine/".length),
      contextWindow: 200_000,
      price: { input: 1, cachedInput: 1, output: 2 },
    }));
    const vscode = await stage().startVscode(
      {
        "workbench.colorTheme": "Dark Modern",
        "chat.allowAnonymousAccess": true,
        "postern.gateway.port": 0,
        "postern.providers": [{ id: "mine", type: "anthropic", baseUrl: provider.url, models }],
      },
      { COPILOT_CLI_PATH: runtime },
    );
    const folder = join(vscode.userDataDir, "..", "workspace");
    writeFileSync(join(folder, "sum.js"), WRONG);
    return new AgentScene(provider, folder, await Workbench.open(vscode));
  }

  get sum(): string {
    return join(this.folder, "sum.js");
  }

  async ask(task: string): Promise<void> {
    await this.workbench.runCommand("Postern: Ask Copilot Agent…");
    await this.workbench.pickQuickItem("Which model shall it use?", SONNET);
    await this.workbench.fillQuickInput("What shall it do", task);
  }

  /** Waits for a text in the editors; VS Code draws only the lines that can be seen. */
  untilShown(text: string): Promise<void> {
    const lines = this.workbench.page.locator(".editor-instance .view-lines:visible");
    return until(
      `"${text}" in the editor`,
      async () => (await lines.allInnerTexts()).join("\n").replaceAll("\u00a0", " ").includes(text),
      30_000,
    );
  }

  /** Clicks until it has had its effect; what has had it slowly is not clicked again. */
  async click(what: Locator, isDone: () => Promise<boolean> | boolean): Promise<void> {
    await what.waitFor({ timeout: 30_000 });
    await until(
      `the effect of ${what}`,
      async () => {
        await what.click({ timeout: 1_000 }).catch(() => undefined);
        const soon = Date.now() + 3_000;
        while (!(await isDone()) && Date.now() < soon)
          await new Promise((resolve) => setTimeout(resolve, 50));
        return isDone();
      },
      30_000,
    );
  }

  /** Answers the dialog that has this text. */
  async answer(text: string, button: string, screenshot?: string): Promise<void> {
    const dialog = this.workbench.page.locator(".monaco-dialog-box", { hasText: text });
    await dialog.waitFor({ timeout: 40_000 });
    if (screenshot !== undefined) await this.workbench.screenshot(screenshot);
    const named = dialog.locator(".monaco-button", { hasText: new RegExp(`^${button}$`) });
    await this.click(named, async () => (await dialog.count()) === 0);
  }

  /** The link or button of a notification. */
  inNotification(text: string, name: string): Locator {
    const item = this.workbench.page.locator(".notification-list-item").filter({ hasText: text }).first();
    return item.locator("a, .monaco-button").filter({ hasText: new RegExp(`^${name}$`) });
  }

  /** Answers nothing from now on. `early`: whether the request was left; undefined while it is not over. */
  hold(): { readonly asked: () => boolean; readonly early: () => boolean | undefined } {
    let early: boolean | undefined;
    let asked = false;
    this.held = this.provider.wire.play;
    this.provider.wire.play = ({ response, closed }) => {
      asked = true;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": wait\n\n");
      void closed.then((how) => {
        early = how.early;
      });
    };
    return { asked: () => asked, early: () => early };
  }

  /** Answers again. */
  letGo(): void {
    if (this.held) this.provider.wire.play = this.held;
  }

  /** The button above the change that is shown. */
  get apply(): Locator {
    return this.workbench.page.locator('.editor-actions a[aria-label^="Apply the Agent\'s Change"]');
  }

  async close(): Promise<void> {
    await this.workbench.close();
    await this.provider.stop();
  }
}

/** What a model answers that calls a tool. */
export function call(name: string, input: object) {
  return { calls: [{ name, input: JSON.stringify(input) }] };
}
