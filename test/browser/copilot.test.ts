import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite, test } from "../registry";
import { FakeGitHub } from "../support/copilot/fakeGitHub";
import { stage, until, Workbench } from "./workbench";

const TOKEN = "github_pat_fromthebrowser0123456789";

/** The fake runtime as the program that is found, with a GitHub that is on this machine. */
function installRuntime(github: string): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "postern-copilot-"));
  const path = join(folder, "runtime.js");
  const fake = JSON.stringify(resolve("test/support/copilot/fakeRuntime.js"));
  writeFileSync(path, `process.env.COPILOT_DEBUG_GITHUB_API_URL = "${github}";\nrequire(${fake});\n`);
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

const settingsOf = ({ userDataDir }: { readonly userDataDir: string }): unknown =>
  JSON.parse(readFileSync(join(userDataDir, "User", "settings.json"), "utf8"));

suite("a Copilot subscription, as a person", () => {
  test("is added after GitHub's terms, and shows its models and what is left", async () => {
    const github = await new FakeGitHub().start();
    github.accounts.set(TOKEN, { login: "octo", entitlement: 300, used: 10 });
    const runtime = installRuntime(github.url);
    const vscode = await stage().startVscode(
      { "workbench.colorTheme": "Dark Modern", "postern.gateway.port": 0, "postern.gateway.autoStart": true },
      { COPILOT_CLI_PATH: runtime.path },
    );
    const workbench = await Workbench.open(vscode);
    const { page } = workbench;
    try {
      await workbench.openContainer("Postern");
      await workbench.runCommand("Postern: Add Provider");
      await workbench.findQuickItem("What kind of provider?", "GitHub Copilot");
      const dialog = page.locator(".monaco-dialog-box", { hasText: "What GitHub's terms say" });
      const press = (button: string) =>
        until(`${button} pressed`, async () => {
          await dialog
            .locator(".monaco-button", { hasText: button })
            .click({ timeout: 1_000 })
            .catch(() => undefined);
          return (await dialog.count()) === 0;
        });
      await dialog.waitFor();
      await workbench.screenshot("copilot-notice");
      await press("Cancel");
      assert.deepEqual(github.paths, []);
      assert.ok((await workbench.welcomeButtons("Providers")).includes("Add Provider"));
      await workbench.runCommand("Postern: Add GitHub Copilot…");
      await dialog.waitFor();
      await press("I Have Read It");
      await workbench.untilStep("Which account?");
      await workbench.screenshot("copilot-accounts");
      await workbench.pickQuickItem("Which account?", "A fine-grained token");
      await workbench.untilStep("Copilot Requests");
      await workbench.quickInputBox().fill("ghp_classic");
      await until("that a classic token is of no use", async () =>
        (await workbench.quickInputTexts()).message.includes("which Copilot does not take"),
      );
      await workbench.fillQuickInput("which Copilot does not take", TOKEN);
      await workbench.notification("Added the provider copilot.", "Test Connection");
      await workbench.notification("2 models of the subscription can be used");
      assert.match(JSON.stringify(settingsOf(vscode)), /"acceptedTerms":true/);
      assert.doesNotMatch(JSON.stringify(settingsOf(vscode)), /github_pat/);
      await until("the provider's rows", async () => {
        if ((await workbench.treeRows("Providers")).length > 1) return true;
        await workbench.treeRow("Providers", "copilot").click();
        return false;
      });
      const row = (text: RegExp) =>
        until(`${text} in the tree`, async () =>
          (await workbench.treeRows("Providers")).some((line) => text.test(line)),
        );
      await row(/^key 290 of 300 premium requests a month left · github_pat\.\.\.6789/);
      await row(/^GPT-5-MINI .* free/);
      await row(/^CLAUDE-SONNET-4\.5 .* 1× premium/);
      const hover = page.locator(".monaco-hover", { hasText: "290 of 300 premium requests a month left" });
      for (const theme of ["light", "highContrastLight", "highContrastDark", "dark"] as const) {
        await workbench.useTheme(theme);
        await until("the quota in the status bar's hover", async () => {
          await workbench.statusBarItem("97 % left").hover();
          return (await hover.count()) > 0;
        });
        await workbench.screenshot(`copilot-${theme}`);
      }
    } finally {
      await workbench.close();
      github.stop();
      runtime.remove();
    }
  }, 120_000);
});
