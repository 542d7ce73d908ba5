// VS Code's workbench as a user meets it: what can be seen and clicked, by the names a user reads.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";

/** A running VS Code with the extension installed from its .vsix. */
export interface Vscode {
  /** Address that opens the workbench, signed in. */
  readonly openUrl: string;
  readonly userDataDir: string;
  readonly extensionsDir: string;
  readonly stop: () => Promise<void>;
}

/** What the script that runs the tests provides. */
export interface Stage {
  readonly browser: Browser;
  readonly screenshotFolder: string;
  /** The VS Code that the tests share. */
  readonly vscode: Vscode;
  /** A further VS Code with fresh folders, for a test that needs a first start or settings of its own. */
  readonly startVscode: (
    settings: Record<string, unknown>,
    /** Added to its environment. */
    env?: Record<string, string>,
  ) => Promise<Vscode>;
}

export type Theme = "dark" | "light" | "highContrastDark" | "highContrastLight";

const themes: Record<Theme, { label: string; className: string }> = {
  dark: { label: "Dark Modern", className: "vs-dark" },
  light: { label: "Light Modern", className: "vs" },
  highContrastDark: { label: "Dark High Contrast", className: "hc-black" },
  highContrastLight: { label: "Light High Contrast", className: "hc-light" },
};

let current: Stage | undefined;
const open = new Set<Workbench>();

/** Called once, before the tests. */
export function useStage(stage: Stage): void {
  current = stage;
}

/** @throws outside a run */
export function stage(): Stage {
  if (!current) throw new Error("The browser tests run through scripts/test.mjs browser.");
  return current;
}

/** Closes every window that a test left open. */
export async function closeWindows(): Promise<void> {
  for (const workbench of open) await workbench.close();
}

/** Screenshots of every open window, e.g. when a test failed. */
export async function screenshotAll(name: string): Promise<void> {
  let index = 0;
  for (const workbench of open) await workbench.screenshot(index++ === 0 ? name : `${name}-${index}`);
}

/** One window of VS Code. */
export class Workbench {
  private constructor(
    readonly page: Page,
    private readonly vscode: Vscode,
  ) {}

  /**
   * Opens a window and waits until it answers: the activity bar, the status bar and the extension host are
   * there. Windows of one call each have cookies and storage of their own, as two profiles of a browser, and with
   * them a secret storage of their own.
   */
  static async open(vscode: Vscode = stage().vscode): Promise<Workbench> {
    const context = await stage().browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    // A machine with no network but loopback says it is offline, and VS Code greys its status bar.
    await context.addInitScript("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => true })");
    return Workbench.openIn(context, vscode);
  }

  /** Opens a second window of the same browser; closing either of the two closes both. */
  openBeside(): Promise<Workbench> {
    return Workbench.openIn(this.page.context(), this.vscode);
  }

  private static async openIn(context: BrowserContext, vscode: Vscode): Promise<Workbench> {
    const workbench = new Workbench(await context.newPage(), vscode);
    open.add(workbench);
    await workbench.page.goto(vscode.openUrl);
    await workbench.untilReady();
    return workbench;
  }

  /** Waits for the workbench after opening or reloading. */
  async untilReady(): Promise<void> {
    await this.page
      .locator(".monaco-workbench .part.statusbar .statusbar-item")
      .first()
      .waitFor({ timeout: 60_000 });
    await this.page.locator(".part.activitybar .action-item").first().waitFor();
    // Comes with the icon theme, which is an extension: by then the extensions are registered.
    await this.page.locator(".monaco-workbench.file-icons-enabled").first().waitFor({ timeout: 60_000 });
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.untilReady();
  }

  async close(): Promise<void> {
    const context = this.page.context();
    for (const other of open) if (other.page.context() === context) open.delete(other);
    // Left first, or VS Code would keep the window's extension host in case it comes back.
    // A window that is hung or gone already is closed all the same.
    for (const page of context.pages()) await page.goto("about:blank").catch(() => undefined);
    await context.close();
  }

  /** Runs a command by its title (category included, e.g. "Postern: Add Provider") through the palette. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.searchAndPick(`>${title}`, title, async () => {
      // A tree that had the focus takes it back when its rows change, and the palette goes; a person opens it again.
      if ((await this.quickInputBox().count()) === 0) await this.page.keyboard.press("F1");
    });
  }

  /**
   * Types until the item shows, and picks it: a list does not change by itself when an extension adds to it late, and it
   * may go while it is clicked.
   */
  private async searchAndPick(
    search: string,
    label: string,
    reopen: () => Promise<void> = async () => {},
  ): Promise<void> {
    const row = this.quickItems().filter({ has: this.page.getByText(label, { exact: true }) });
    await this.quickInputBox()
      .waitFor({ timeout: 5_000 })
      .catch(() => {});
    await until(
      `"${label}" in the list`,
      async () => {
        await reopen();
        try {
          await this.quickInputBox().fill("", { timeout: 3_000 });
          await this.quickInputBox().fill(search, { timeout: 3_000 });
          await row.first().waitFor({ timeout: 1_500 });
          await row.first().click({ timeout: 3_000 });
          return true;
        } catch {
          return false;
        }
      },
      20_000,
    );
  }

  /** The text box of the quick input that is open. */
  quickInputBox(): Locator {
    return this.page.locator(".quick-input-widget:visible .quick-input-box input");
  }

  /** The rows of the quick input that is open. */
  quickItems(): Locator {
    return this.page.locator(".quick-input-widget:visible .quick-input-list .monaco-list-row");
  }

  /** Title, hint and message of the quick input that is open, for asserting which step it is. */
  async quickInputTexts(): Promise<{ title: string; placeholder: string; message: string }> {
    await this.quickInputBox().waitFor();
    const text = async (selector: string) =>
      ((await this.page.locator(`.quick-input-widget:visible ${selector}`).textContent()) ?? "").trim();
    return {
      title: await text(".quick-input-title"),
      placeholder: (await this.quickInputBox().getAttribute("placeholder")) ?? "",
      message: await text(".quick-input-message"),
    };
  }

  /**
   * Types into the quick input and accepts.
   *
   * @param step part of its title or hint; waited for, since the step before may still be showing
   */
  async fillQuickInput(step: string | RegExp, text: string): Promise<void> {
    await this.untilStep(step);
    await this.quickInputBox().fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Accepts what the quick input holds already. `step` as for `fillQuickInput`. */
  async acceptQuickInput(step: string | RegExp): Promise<void> {
    await this.untilStep(step);
    await this.page.keyboard.press("Enter");
  }

  /** Picks the item whose label contains `label`. `step` as for `fillQuickInput`. */
  async pickQuickItem(step: string | RegExp, label: string): Promise<void> {
    await this.untilStep(step);
    const row = this.quickItems().filter({ hasText: label }).first();
    await row.waitFor();
    await row.click();
  }

  /** Types what a person would look for and picks the item that shows. `step` as for `fillQuickInput`. */
  async findQuickItem(step: string | RegExp, label: string): Promise<void> {
    await this.untilStep(step);
    await this.quickInputBox().fill(label);
    await this.pickQuickItem(step, label);
  }

  /** Begins *Add Provider* for an endpoint that is none of the known ones and speaks Chat Completions. */
  async addCustomProvider(): Promise<void> {
    await this.runCommand("Postern: Add Provider");
    await this.findQuickItem("What kind of provider?", "Custom");
    await this.pickQuickItem("Which API does it speak?", "Chat Completions");
  }

  /** Waits for a step of the quick input; `step` as for `fillQuickInput`. */
  async untilStep(step: string | RegExp): Promise<void> {
    await until(`the quick input "${step}"`, async () => {
      if ((await this.quickInputBox().count()) === 0) return false;
      const { title, placeholder, message } = await this.quickInputTexts();
      const all = `${title}\n${placeholder}\n${message}`;
      return typeof step === "string" ? all.includes(step) : step.test(all);
    });
  }

  /** Shows a container of the activity bar; does nothing when it is shown already. */
  async openContainer(name: string): Promise<void> {
    const tab = this.page
      .locator(".part.activitybar .action-item")
      .filter({ has: this.page.locator(`a[aria-label^="${name}"]`) });
    await tab.first().waitFor();
    if (
      (await tab.first().getAttribute("aria-selected")) !== "true" &&
      !/\bchecked\b/.test((await tab.first().getAttribute("class")) ?? "")
    ) {
      await tab.first().click();
    }
    await this.page.locator(".part.sidebar .composite.title", { hasText: new RegExp(name, "i") }).waitFor();
  }

  /** A view of the side bar by its heading, e.g. "Providers". */
  view(name: string): Locator {
    return this.page
      .locator(".part.sidebar .pane")
      .filter({ has: this.page.locator(`.pane-header[aria-label^="${name}"]`) });
  }

  /** The rows of a tree view as a user reads them: label and description, in one text each. */
  async treeRows(view: string): Promise<string[]> {
    const rows = await this.view(view).locator(".monaco-list-row").all();
    return Promise.all(
      rows.map(async (row) => {
        const texts = await row.locator(".label-name, .label-description").allTextContents();
        return texts
          .map((text) => text.trim())
          .filter(Boolean)
          .join(" ");
      }),
    );
  }

  /** The row of a tree view whose text contains `text`. */
  treeRow(view: string, text: string): Locator {
    return this.view(view).locator(".monaco-list-row").filter({ hasText: text }).first();
  }

  /** Clicks the inline action of a tree row, by its tooltip. */
  async treeAction(view: string, row: string, action: string): Promise<void> {
    const line = this.treeRow(view, row);
    // A tree that is drawn anew meanwhile moves its rows away under the mouse.
    await until(`the action "${action}" clicked`, async () => {
      await line.hover();
      return line
        .locator(`.actions a[aria-label^="${action}"]`)
        .click({ timeout: 1000 })
        .then(
          () => true,
          () => false,
        );
    });
  }

  /** Picks from the context menu of a tree row. */
  async treeMenu(view: string, row: string, action: string): Promise<void> {
    await this.treeRow(view, row).click({ button: "right" });
    const item = this.page.locator(".monaco-menu .action-label", { hasText: action }).first();
    await item.waitFor();
    // A menu that has only just opened takes no click.
    await until(`"${action}" chosen`, async () => {
      await item.click({ timeout: 1000 }).catch(() => undefined);
      return (await item.count()) === 0;
    });
  }

  /** The buttons of an empty view's welcome text. */
  async welcomeButtons(view: string): Promise<string[]> {
    return (await this.view(view).locator(".welcome-view-content .monaco-button").allTextContents()).map(
      (text) => text.trim(),
    );
  }

  /** The texts of all status bar items; icons are left out. */
  async statusBarTexts(): Promise<string[]> {
    const texts = await this.page.locator(".part.statusbar .statusbar-item").allTextContents();
    return texts.map((text) => text.trim()).filter(Boolean);
  }

  /** A status bar item, by its text or by what a screen reader says of it. */
  statusBarItem(text: string): Locator {
    const items = this.page.locator(".part.statusbar .statusbar-item");
    return items
      .filter({ hasText: text })
      .or(this.page.locator(`.part.statusbar .statusbar-item[aria-label*="${text}"]`))
      .first();
  }

  /** The messages of the notifications that show now. */
  async notifications(): Promise<string[]> {
    const texts = await this.page.locator(".notification-list-item-message").allTextContents();
    return texts.map((text) => text.trim());
  }

  /** Waits for a notification whose message contains `text`; clicks one of its buttons if named. */
  async notification(text: string, button?: string): Promise<void> {
    const item = this.page.locator(".notification-list-item").filter({ hasText: text }).first();
    await item.waitFor();
    if (button) await item.locator(".monaco-button", { hasText: button }).first().click();
  }

  /**
   * Changes settings of the user in the file, as by hand, over what is there, and reloads the window: in the
   * browser VS Code does not notice that the file has changed.
   */
  async changeSettings(changes: Record<string, unknown>): Promise<void> {
    const settings = { ...(await this.settings()), ...changes };
    writeFileSync(this.settingsFile, JSON.stringify(settings, null, 2));
    await this.reload();
  }

  /** The user's settings as they stand in the file, whole: VS Code writes it in more than one step. */
  async settings(): Promise<Record<string, unknown>> {
    let settings: Record<string, unknown> = {};
    await until("settings that are whole", () => {
      try {
        settings = JSON.parse(readFileSync(this.settingsFile, "utf8"));
        return true;
      } catch {
        return false;
      }
    });
    return settings;
  }

  private get settingsFile(): string {
    return join(this.vscode.userDataDir, "User", "settings.json");
  }

  /** Switches the colour theme and waits until it shows. */
  async useTheme(theme: Theme): Promise<void> {
    const { label, className } = themes[theme];
    await this.runCommand("Preferences: Color Theme");
    await until("the theme picker", async () => (await this.quickInputTexts()).placeholder.includes("Theme"));
    await this.searchAndPick(label, label);
    await this.page.locator(`.monaco-workbench.${className}`).first().waitFor();
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  }

  /** Saves `NAME.png` below `.artefacts/screenshots`. */
  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(stage().screenshotFolder, `${name}.png`) });
  }

  /** What is on the clipboard, e.g. after a Copy command. */
  async clipboard(): Promise<string> {
    return this.page.evaluate("navigator.clipboard.readText()");
  }
}

/**
 * Waits until something is so.
 *
 * @param what for the error
 * @throws after `timeoutMs`
 */
export async function until(
  what: string,
  check: () => Promise<boolean> | boolean,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
