import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentScene, call, HAIKU, SONNET, WRONG } from "./agentScene";
import { until } from "./workbench";

/** A comparison of a model that mends the file with one that does not, and what they have changed. */
export async function compares(scene: AgentScene): Promise<void> {
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
