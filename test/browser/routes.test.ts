import assert from "node:assert/strict";
import { suite, test } from "../registry";
import { KEYED_ANSWER, startKeyedProvider } from "./keyedProvider";
import { stage, until, Workbench } from "./workbench";

const KEY = "sk-browser-routes-31b9";

/** Runs a command by its title, without the mouse. */
async function runByKeys(workbench: Workbench, title: string): Promise<void> {
  const { keyboard } = workbench.page;
  await keyboard.press("F1");
  const box = workbench.quickInputBox();
  await box.waitFor();
  const focused = workbench.page.locator(
    ".quick-input-widget:visible .quick-input-list .monaco-list-row.focused",
  );
  await until(`"${title}" on top`, async () => {
    // Typed once: each typing makes the list anew, and Enter would meet none.
    if ((await box.inputValue()) !== `>${title}`) await box.fill(`>${title}`);
    const texts = await focused.allTextContents();
    return texts.some((text) => text.includes(title));
  });
  await keyboard.press("Enter");
}

/** Picks what is found by a text in a list of many, without the mouse. */
async function checkByKeys(workbench: Workbench, text: string): Promise<void> {
  const { keyboard } = workbench.page;
  await workbench.quickInputBox().fill(text);
  const row = workbench.quickItems().filter({ hasText: text });
  await until(
    `only ${text}`,
    async () => (await row.count()) === 1 && (await workbench.quickItems().count()) === 1,
  );
  await keyboard.press("ArrowDown");
  await keyboard.press("Space");
  await until(`${text} in the order`, async () => (await workbench.quickInputTexts()).message.includes(text));
}

async function gatewayOf(workbench: Workbench): Promise<{ url: string; gatewayKey: string }> {
  await runByKeys(workbench, "Postern: Copy Gateway URL");
  await until("the address", async () => (await workbench.clipboard()).startsWith("http://127"));
  const url = new URL(await workbench.clipboard()).origin;
  await runByKeys(workbench, "Postern: Copy Gateway Key");
  await until("the gateway key", async () => (await workbench.clipboard()).startsWith("pst_"));
  return { url, gatewayKey: await workbench.clipboard() };
}

suite("routes, as a person", () => {
  test("with the keyboard alone: make a route, put its targets in another order, and have it answer", async () => {
    const provider = await startKeyedProvider(KEY);
    const open = (id: string, baseUrl: string) => ({
      id,
      type: "openai",
      baseUrl,
      apiKey: "$" + "{env:ROUTES_KEY}",
    });
    const vscode = await stage().startVscode(
      {
        "postern.providers": [open("work", provider.baseUrl), open("spare", provider.baseUrl)],
        "postern.gateway.port": 0,
        "postern.gateway.autoStart": true,
      },
      { ROUTES_KEY: KEY },
    );
    const workbench = await Workbench.open(vscode);
    const { keyboard } = workbench.page;
    await workbench.openContainer("Postern");
    await until("the empty state's buttons", async () => {
      const buttons = await workbench.welcomeButtons("Routes");
      return buttons.includes("Adopt Ready Route") && buttons.includes("New Route");
    });
    await workbench.screenshot("routes-empty");

    await runByKeys(workbench, "Postern: New Route");
    await workbench.untilStep("The model id that tools send");
    await workbench.screenshot("new-route-name");
    await keyboard.type("gatehouse-large");
    await until("that a model has the name", async () =>
      (await workbench.quickInputTexts()).message.includes("There is a model of this name"),
    );
    await workbench.quickInputBox().fill("fast");
    await keyboard.press("Enter");
    await workbench.untilStep("How is the target of a request chosen?");
    await workbench.screenshot("new-route-strategy");
    await keyboard.press("Enter");
    await workbench.untilStep("Which models");
    await checkByKeys(workbench, "spare/gatehouse-small");
    await checkByKeys(workbench, "work/gatehouse-large");
    await workbench.quickInputBox().fill("");
    await until("the order that they were picked in", async () =>
      (await workbench.quickInputTexts()).message.includes("spare/gatehouse-small, work/gatehouse-large"),
    );
    await workbench.screenshot("new-route-targets");
    await keyboard.press("Enter");
    await workbench.notification("Made the route fast.");
    await until("the route and its targets", async () => {
      const rows = await workbench.treeRows("Routes");
      return (
        rows[0] === "fast in order · all 2 ready" &&
        /^spare\/gatehouse-small ready/.test(rows[1] ?? "") &&
        /^work\/gatehouse-large ready/.test(rows[2] ?? "")
      );
    });

    const { url, gatewayKey } = await gatewayOf(workbench);
    let conversations = 0;
    const asked = async (model: string) => {
      conversations += 1;
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${gatewayKey}`, "content-type": "application/json" },
        body: JSON.stringify({
          model,
          stream: true,
          messages: [{ role: "user", content: `hi ${conversations}` }],
        }),
      });
      assert.equal(answer.status, 200, await answer.clone().text());
      const words = [...(await answer.text()).matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word);
      assert.equal(words.join(""), KEYED_ANSWER);
      return answer.headers.get("x-postern-provider");
    };
    assert.equal(await asked("fast"), "spare");

    // The row below the route's, moved down: work comes first.
    await runByKeys(workbench, "Postern: Focus on Routes View");
    const focused = workbench.view("Routes").locator(".monaco-list-row.focused");
    // The rows take keys a moment after the command: before that, a key goes nowhere.
    await until("the first target in focus", async () => {
      await keyboard.press("Home");
      await keyboard.press("ArrowDown");
      const label = (await focused.getAttribute("aria-label", { timeout: 1_000 }).catch(() => null)) ?? "";
      return /^Target 1 of 2: spare\/gatehouse-small, ready/.test(label);
    });
    const isMoved = async () => /^work/.test((await workbench.treeRows("Routes"))[1] ?? "");
    await until(
      "the other order",
      async () => {
        if (await isMoved()) return true;
        await keyboard.press("Enter");
        await keyboard.press("Alt+ArrowDown");
        // Rows that change at this moment take the selection with them; then it is tried again.
        return until("the move", isMoved, 3_000).then(
          () => true,
          () => false,
        );
      },
      20_000,
    );
    assert.equal(await asked("fast"), "work");

    await runByKeys(workbench, "Postern: Map a Tool's Model Name");
    await workbench.untilStep("Which name does the tool send?");
    await workbench.screenshot("map-model-name");
    // The tree that had the focus before the palette may take it back for a moment.
    await workbench.quickInputBox().press("Enter");
    await workbench.untilStep("Which models");
    await checkByKeys(workbench, "work/gatehouse-small");
    await keyboard.press("Enter");
    await until("the pattern's row", async () =>
      (await workbench.treeRows("Routes")).includes("claude-* pattern · in order · ready"),
    );
    assert.equal(await asked("claude-opus-9"), "work");

    await runByKeys(workbench, "Postern: Adopt Ready Route");
    await workbench.untilStep("Which route?");
    await workbench.screenshot("adopt-route");
    await workbench.quickInputBox().press("Escape");
    for (const theme of ["dark", "light", "highContrastDark", "highContrastLight"] as const) {
      await workbench.useTheme(theme);
      await workbench.treeRow("Routes", "fast").hover();
      await workbench.screenshot(`routes-${theme}`);
    }
    await runByKeys(workbench, "Postern: Delete Route");
    await workbench.untilStep("Which route?");
    await workbench.quickInputBox().press("Enter");
    await workbench.notification("Deleted the route fast.", "Undo");
    await until(
      "the route again",
      async () => (await workbench.treeRows("Routes"))[0]?.startsWith("fast") ?? false,
    );
    await workbench.close();
    provider.close();
  }, 180_000);
});
