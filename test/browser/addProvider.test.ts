import assert from "node:assert/strict";
import { suite, test } from "../registry";
import { startKeyedProvider } from "./keyedProvider";
import { stage, until, Workbench } from "./workbench";

const KEY = "sk-browser-canary-77aa";

/** The text of the line below the cursor's. */
async function lineBelowCursor(workbench: Workbench): Promise<string> {
  const cursor = await workbench.page.locator(".monaco-editor .cursors-layer .cursor").first().boundingBox();
  if (cursor === null) return "";
  for (const line of await workbench.page.locator(".monaco-editor .view-lines .view-line").all()) {
    const box = await line.boundingBox();
    if (box && Math.abs(box.y - (cursor.y + cursor.height)) < 3)
      return ((await line.textContent()) ?? "").replace(/\s+/g, " ").trim();
  }
  return "";
}

suite("adding a provider that does not work at once", () => {
  test("a wrong key is said at once, is still there to mend, and nothing stays behind when the setup is left", async () => {
    const provider = await startKeyedProvider(KEY);
    const vscode = await stage().startVscode({});
    const workbench = await Workbench.open(vscode);
    await workbench.openContainer("Postern");
    await workbench.addCustomProvider();
    await workbench.fillQuickInput("address", provider.baseUrl);
    await workbench.acceptQuickInput("A short name");
    await workbench.fillQuickInput("key", `${KEY}x`);
    await workbench.untilStep("The key was refused (HTTP 401); set the right key for this provider");
    await workbench.screenshot("add-provider-wrong-key");
    await workbench.pickQuickItem("does not work yet", "Change the key");
    await workbench.untilStep("if it needs one");
    assert.equal(await workbench.quickInputBox().inputValue(), `${KEY}x`);
    assert.equal(await workbench.quickInputBox().getAttribute("type"), "password");
    await workbench.screenshot("add-provider-key-kept");
    await workbench.acceptQuickInput("if it needs one");
    await workbench.untilStep("The key was refused");
    await workbench.page.keyboard.press("Escape");
    assert.ok((await workbench.welcomeButtons("Providers")).includes("Add Provider"));
    await workbench.close();
    provider.close();
  }, 120_000);

  test("an address where nothing answers is told in full, and leads back to the address", async () => {
    const provider = await startKeyedProvider(KEY);
    const vscode = await stage().startVscode({
      "postern.providers": [{ id: "work", type: "openai", baseUrl: provider.baseUrl, enabled: false }],
    });
    const workbench = await Workbench.open(vscode);
    await workbench.openContainer("Postern");
    await workbench.addCustomProvider();
    const message = async (part: string) =>
      until(part, async () => (await workbench.quickInputTexts()).message.includes(part));
    await workbench.untilStep("The provider's address");
    await workbench.quickInputBox().fill("http");
    await message("Enter the whole address, like https://api.example.com/v1.");
    await workbench.quickInputBox().fill("127.0.0.1:18182");
    await message("Start with http:// or https://.");
    await workbench.quickInputBox().fill("http://llm.example.com/v1");
    await message("can be read on the way");
    await workbench.screenshot("add-provider-http-warning");
    await workbench.page.keyboard.press("Enter");
    await workbench.acceptQuickInput("clients address its models as example/model");
    await workbench.untilStep("a provider on another machine needs one");
    await workbench.screenshot("add-provider-remote-key");
    await workbench.page.keyboard.press("Control+Alt+Minus");
    await workbench.untilStep("A short name");
    await workbench.page.keyboard.press("Control+Alt+Minus");
    await workbench.fillQuickInput("can be read on the way", "http://127.0.0.1:1/v1");
    await workbench.untilStep("clients address its models as custom/model");
    await workbench.quickInputBox().fill("work");
    await message('"work" is taken');
    await workbench.quickInputBox().fill("work-2");
    await message("clients address its models as work-2/model");
    await workbench.screenshot("add-provider-name");
    await workbench.page.keyboard.press("Enter");
    await workbench.fillQuickInput("The key for 127.0.0.1:1", KEY);
    await workbench.untilStep("Nothing answers at 127.0.0.1:1. Start the server, or check address and port.");
    await workbench.screenshot("add-provider-unreachable");
    await workbench.page.keyboard.press("Enter");
    await workbench.fillQuickInput("The provider's address", provider.baseUrl);
    await workbench.acceptQuickInput("work-2/model");
    await workbench.acceptQuickInput(/The key for 127/);
    await workbench.pickQuickItem("it works", "Done");
    await until("the provider", async () =>
      (await workbench.treeRows("Providers")).includes("work-2 key set"),
    );

    await workbench.runCommand("Postern: Copy Model ID");
    await workbench.pickQuickItem("Which model?", "work-2/gatehouse-large");
    await until("the id", async () => (await workbench.clipboard()) === "work-2/gatehouse-large");
    await workbench.treeRow("Providers", "work-2").click();
    await workbench.treeRow("Providers", "gatehouse-small").waitFor();
    await workbench.treeAction("Providers", "gatehouse-small", "Copy Model ID");
    await until("the id", async () => (await workbench.clipboard()) === "work-2/gatehouse-small");
    // With the keyboard alone.
    await workbench.treeRow("Providers", "gatehouse-large").click();
    await workbench.page.keyboard.press("Shift+F10");
    await workbench.page.locator(".monaco-menu .action-label", { hasText: "Copy Model ID" }).waitFor();
    await workbench.screenshot("model-menu");
    await workbench.page.keyboard.press("ArrowDown");
    await workbench.page.keyboard.press("Enter");
    await until("the id", async () => (await workbench.clipboard()) === "work-2/gatehouse-large");

    await workbench.treeAction("Providers", "work-2", "Edit Provider");
    await workbench.pickQuickItem("Edit Provider: work-2", "API");
    await workbench.untilStep("Which API");
    await workbench.screenshot("edit-provider-api");
    await workbench.pickQuickItem("Which API", "Responses");
    await workbench.notification("Changed work-2.", "Test Connection");
    await workbench.notification("work-2: works");
    await workbench.treeAction("Providers", "work-2", "Edit Provider");
    await workbench.pickQuickItem("Edit Provider: work-2", "Everything else");
    await until("the cursor at the entry", async () =>
      (await lineBelowCursor(workbench)).includes('"work-2"'),
    );
    await workbench.screenshot("edit-provider-settings");
    await workbench.page.locator(".monaco-modal-editor-block .action-label.codicon-close").first().click();

    await workbench.treeMenu("Providers", "work-2", "Remove Key");
    await workbench.page.locator(".monaco-dialog-box .monaco-button", { hasText: "Remove" }).first().click();
    await until("that a key is needed", async () =>
      (await workbench.treeRows("Providers")).some((row) =>
        /^work-2 .*a key is needed \(HTTP 401\)/.test(row),
      ),
    );
    await workbench.treeRow("Providers", "work-2").hover();
    await workbench.screenshot("provider-needs-key");
    await workbench.treeAction("Providers", "work-2", "Set Key");
    await workbench.untilStep("The key");
    await workbench.page.keyboard.press("Escape");
    await workbench.close();
    provider.close();
  }, 180_000);

  test("the long hints of local servers are shown whole, and a click on the status bar opens the view", async () => {
    const vscode = await stage().startVscode({});
    const workbench = await Workbench.open(vscode);
    await workbench.runCommand("Postern: Add Provider");
    await workbench.findQuickItem("What kind of provider?", "Microsoft Foundry Local");
    await workbench.acceptQuickInput("The provider's address");
    await workbench.acceptQuickInput("foundry-local/model");
    await workbench.untilStep(
      "Start Foundry Local with: foundry service start (its port changes: foundry service status)",
    );
    for (const theme of ["dark", "light"] as const) {
      await workbench.page.keyboard.press("Escape");
      await workbench.useTheme(theme);
      await workbench.runCommand("Postern: Add Provider");
      await workbench.findQuickItem("What kind of provider?", "Microsoft Foundry Local");
      await workbench.acceptQuickInput("The provider's address");
      await workbench.acceptQuickInput("foundry-local/model");
      await workbench.untilStep("Start Foundry Local with");
      await workbench.screenshot(`add-provider-hint-${theme}`);
    }
    await workbench.page.keyboard.press("Escape");
    await workbench.statusBarItem("Postern").click();
    await workbench.view("Gateway").waitFor();
    await workbench.close();
  }, 120_000);
});
