import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "../registry";
import { AgentScene, call, HAIKU, SONNET, WRONG } from "./agentScene";
import { copilotRuntime } from "./copilotRuntime";
import { until } from "./workbench";

const runtime = copilotRuntime();

/** More than a window shows at once: whoever reads the end is kept there. */
const LONG = "One more line.\n\n".repeat(40);

async function asksAndIsUndone(scene: AgentScene): Promise<void> {
  const { provider, sum, workbench } = scene;
  const edit = { path: sum, old_str: "a - b", new_str: "a + b" };
  provider.play(
    ({ results }) =>
      [
        { text: "I look.", ...call("view", { path: sum }) },
        { text: "A sum is no difference.", ...call("edit", edit) },
        { text: "Then once more.", ...call("edit", edit) },
        call("bash", { command: "printf '%s-%s' canary 4711", description: "Prints the canary" }),
      ][results.length] ?? { text: `${LONG}It printed ${/canary-\d+/.exec(results[3]?.text ?? "")?.[0]}.` },
  );
  await scene.ask("Mend sum.js");
  await scene.answer("wants to read sum.js", "Allow", "agent-read");
  await workbench.notification("Change sum.js?");
  await workbench.notification("Waiting for your answer: Change sum.js");
  await workbench.screenshot("agent-change-dark");
  assert.equal(readFileSync(sum, "utf8"), WRONG);
  await scene.click(scene.inNotification("Change sum.js?", "Deny"), () => provider.last.results.length === 2);
  assert.match(provider.last.results[1]?.text ?? "", /does not allow this/);
  await scene.apply.waitFor();
  assert.equal(readFileSync(sum, "utf8"), WRONG);
  for (const theme of ["light", "highContrastLight", "highContrastDark"] as const) {
    await workbench.useTheme(theme);
    await workbench.screenshot(`agent-change-${theme}`);
  }
  await scene.click(scene.apply, () => readFileSync(sum, "utf8") !== WRONG);
  await scene.answer("wants to run printf", "Allow", "agent-command");
  await scene.untilShown("It printed canary-4711.");
  await scene.untilShown("5 requests, 500 tokens in, 125 out, cost: $0.00075");
  await workbench.screenshot("agent-end");
  const asked = workbench.page.locator(".monaco-dialog-box", { hasText: "Undo the changes" });
  const undo = scene.inNotification("Done after 5 turns, cost: $0.00075", "Undo Changes");
  await scene.click(undo, async () => (await asked.count()) > 0);
  await scene.answer("Undo the changes", "Undo Changes");
  await until("the file as it was", () => readFileSync(sum, "utf8") === WRONG);
}

async function isCancelled(scene: AgentScene): Promise<void> {
  const { provider, workbench } = scene;
  const held = scene.hold();
  await scene.ask("Wait");
  await until("the request", held.asked, 30_000);
  await scene.click(scene.inNotification("Copilot's agent on", "Cancel"), () => held.early() !== undefined);
  assert.equal(held.early(), true);
  await scene.untilShown("Cancelled after 1 turn");
  scene.letGo();

  provider.play(() => ({ text: "As I said." }));
  await workbench.runCommand("Postern: Resume Copilot Agent Session…");
  await workbench.pickQuickItem("Which one?", "Mend sum.js");
  await workbench.pickQuickItem("Which model shall it use?", SONNET);
  await workbench.fillQuickInput("What shall it do", "What was it?");
  await scene.untilShown("As I said.");
  assert.ok(provider.last.texts.some(({ text }) => text.includes("A sum is no difference.")));
}

async function worksInChat(scene: AgentScene): Promise<void> {
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
  await ask("What was it?");
  await untilSaid("As I said here.");
  assert.ok(provider.last.texts.some(({ text }) => text.includes("It adds now.")));

  const held = scene.hold();
  await ask("Wait for me");
  await until("the request", held.asked, 30_000);
  const stop = page.locator('.interactive-input-part:visible a[aria-label^="Cancel"]').first();
  await scene.click(stop, () => held.early() !== undefined);
  assert.equal(held.early(), true);
  scene.letGo();
}

async function compares(scene: AgentScene): Promise<void> {
  const { provider, folder, workbench } = scene;
  const { page } = workbench;
  mkdirSync(join(folder, ".postern", "tasks"), { recursive: true });
  writeFileSync(join(folder, "test.js"), 'if (require("./sum")(2, 3) !== 5) throw new Error("not 5");\n');
  writeFileSync(
    join(folder, ".postern", "tasks", "mend.md"),
    `---\ncheck: node test.js\nprotect: test.js\nmodels:\n  - ${SONNET}\n  - ${HAIKU}\n---\nMend sum.js.\n`,
  );
  for (const args of ["init -q", "add -A", "-c user.name=t -c user.email=t@example.org commit -qm Wrong"])
    execFileSync("git", args.split(" "), { cwd: folder });
  provider.play(({ results, model, body }) => {
    if (results.length > 0) return { text: "All green." };
    const path = /\/[^\s"]*postern-task-[^\s"<\\]+/.exec(JSON.stringify(body))?.[0] ?? "";
    return model === SONNET.slice(5)
      ? call("edit", { path: join(path, "sum.js"), old_str: "a - b", new_str: "a + b" })
      : call("create", { path: join(path, "new.txt"), file_text: "1\n2\n" });
  });
  await workbench.runCommand("Postern: Compare Models on a Task…");
  await workbench.pickQuickItem("Which task?", "mend");
  await workbench.acceptQuickInput("Which models shall try it?");
  await scene.answer("Compare 2 models on mend?", "Run Commands and Models", "compare-consent");
  const done = `Compared on mend: ${SONNET}: passed; ${HAIKU}: failed`;
  await scene.inNotification(done, "Show Changes").waitFor({ timeout: 40_000 });
  assert.equal(readFileSync(scene.sum, "utf8"), WRONG);
  const table = page
    .frameLocator("iframe.webview.ready")
    .frameLocator("iframe#active-frame")
    .locator("table");
  await until("the table", async () => /passed.*failed/s.test(await table.innerText().catch(() => "")));
  await workbench.screenshot("compare-table");

  await workbench.runCommand("Postern: Open Comparison…");
  await workbench.pickQuickItem("Which one?", "mend");
  await workbench.pickQuickItem("The table, or what a model has changed", SONNET);
  await scene.untilShown("+module.exports = (a, b) => a + b;");
  await workbench.screenshot("compare-diff");
}

if (runtime !== undefined)
  suite("Copilot's agent, as a person", () => {
    let scene: AgentScene;

    test("asks before it reads, changes and runs; goes on after a no; tells the cost; is undone", async () => {
      scene = await AgentScene.open(runtime);
      await asksAndIsUndone(scene);
    }, 120_000);

    test(
      "is cancelled at the provider too, and an earlier session goes on",
      () => isCancelled(scene),
      60_000,
    );

    test("works in Chat as @postern, on the model that is chosen there", () => worksInChat(scene), 60_000);

    test("compares models on a task, and shows what each has changed", async () => {
      await compares(scene);
      await scene.close();
    }, 90_000);
  });
