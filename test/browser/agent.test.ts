import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "../registry";
import { compares } from "./agentComparison";
import { worksInChat } from "./agentInChat";
import { AgentScene, call, SONNET, WRONG } from "./agentScene";
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
