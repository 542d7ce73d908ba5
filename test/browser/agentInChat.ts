import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type AgentScene, call, HAIKU, WRONG } from "./agentScene";
import { until } from "./workbench";

/** The agent as `@postern` in Chat: a change by the keyboard, undone; a second turn with a file; a third, cancelled. */
export async function worksInChat(scene: AgentScene): Promise<void> {
  const { provider, sum, workbench } = scene;
  const { page } = workbench;
  provider.play(({ results, tools }) => {
    if (tools.length === 0) return { text: "Sums" };
    const edit = call("edit", { path: sum, old_str: "a - b", new_str: "a + b" });
    return [{ text: "I mend it.", ...edit }][results.length] ?? { text: "It adds now." };
  });
  await workbench.runCommand("Chat: Open Chat");
  await page
    .locator(`[aria-label^="Models, ${HAIKU.slice(5)}"]`)
    .first()
    .waitFor({ state: "attached" });
  const input = page.locator(".interactive-input-part:visible .monaco-editor").first();
  const typed = async () => ((await input.innerText()) ?? "").replaceAll("\u00a0", " ");
  const said = page.locator(".interactive-item-container:visible");
  const says = async (text: string) => (await said.allInnerTexts()).join("\n").includes(text);
  const untilSaid = (text: string) => until(`"${text}" in Chat`, () => says(text), 30_000);
  const ask = (question: string) =>
    until(
      `"${question}" asked`,
      async () => {
        await input.click({ timeout: 1_000 }).catch(() => undefined);
        // What had the focus before may take it back.
        if (!(await page.evaluate("!!document.activeElement?.closest('.interactive-input-part')")))
          return false;
        await page.keyboard.press("ControlOrMeta+a");
        await page.keyboard.type(`@postern ${question}`);
        if (!(await typed()).includes(`@postern ${question}`)) return false;
        // Enter would take the first of a list of suggestions.
        await page.keyboard.press("Escape");
        await page.keyboard.press("Enter");
        const soon = Date.now() + 5_000;
        while (!(await says(question)) && Date.now() < soon)
          await new Promise((resolve) => setTimeout(resolve, 50));
        return says(question);
      },
      30_000,
    );
  await ask("Mend sum.js");
  await scene.apply.waitFor({ timeout: 30_000 });
  // By the keyboard; the palette has it only while a change is asked about.
  await workbench.runCommand("Postern: Apply the Agent's Change");
  await until("the change applied", () => readFileSync(sum, "utf8") !== WRONG);
  await untilSaid("It adds now.");
  await untilSaid("2 requests, 200 tokens in, 50 out, cost: $0.0003");
  assert.equal(provider.last.model, HAIKU.slice(5));
  await workbench.screenshot("agent-chat");
  const asked = page.locator(".monaco-dialog-box", { hasText: "Undo the changes" });
  await scene.click(
    said.locator(".monaco-button", { hasText: "Undo" }),
    async () => (await asked.count()) > 0,
  );
  await scene.answer("Undo the changes", "Undo Changes");
  await until("the file as it was", () => readFileSync(sum, "utf8") === WRONG);

  // The conversation is one session.
  provider.play(() => ({ text: "As I said here." }));
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: "sum.js" }).dblclick();
  const add = page.locator('a[aria-label^="Add file:sum.js"]').first();
  const attached = page.locator('[aria-label^="Attached file, sum.js"]');
  await scene.click(add, async () => (await attached.count()) > 0);
  await ask("What was it?");
  await untilSaid("As I said here.");
  assert.ok(provider.last.texts.some(({ text }) => text.includes("It adds now.")));
  assert.ok(provider.last.texts.some(({ text }) => text.includes(`Attached: ${sum}`)));

  const held = scene.hold();
  await ask("Wait for me");
  await until("the request", held.asked, 30_000);
  const stop = page.locator('.interactive-input-part:visible a[aria-label^="Cancel"]').first();
  await scene.click(stop, () => held.early() !== undefined);
  assert.equal(held.early(), true);
  // Chat shows nothing more of this turn, but it may have cost something.
  await workbench.notification("Copilot's agent: Cancelled after 1 turn, cost: ");
  scene.letGo();
  provider.play(() => ({ text: "As I said before." }));
  await ask("Go on, please");
  await untilSaid("As I said before.");
  assert.ok(provider.last.texts.some(({ text }) => text.includes("It adds now.")));
}
