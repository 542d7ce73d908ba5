import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "../registry";
import { openAiListAnswers, startFakeRuntime } from "../support/fakeRuntimes";
import { stage, until, Workbench } from "./workbench";

/**
 * A Foundry Local that is installed and does not run: `foundry service start` makes it say that it runs at the address
 * in `next`.
 */
function installFakeFoundry(): {
  readonly folder: string;
  moveTo(origin: string): void;
  startAt(origin: string): void;
} {
  const folder = mkdtempSync(join(tmpdir(), "postern-foundry-"));
  const current = join(folder, "current");
  const next = join(folder, "next");
  const program = join(folder, "foundry");
  writeFileSync(
    program,
    `#!/bin/sh
case "$*" in
  "service start") cp '${next}' '${current}'; echo "🟢 Service is Started on $(cat '${current}'), PID 4711!" ;;
  "service status")
    if [ -f '${current}' ]; then echo "🟢 Model management service is running on $(cat '${current}')/openai/status"
    else echo "🔴 Model management service is not running!"; fi ;;
  *) exit 1 ;;
esac
`,
  );
  chmodSync(program, 0o755);
  // VS Code takes the environment from a login shell, and a terminal has its own.
  for (const file of [".profile", ".bashrc"])
    writeFileSync(join(folder, file), `PATH='${folder}':"$PATH"\nexport PATH\n`);
  return {
    folder,
    startAt: (origin) => writeFileSync(next, origin),
    moveTo: (origin) => writeFileSync(current, origin),
  };
}

suite("a runtime on this machine", () => {
  test("is offered with how it is started, started in a terminal, added, and followed to another port", async () => {
    const foundry = installFakeFoundry();
    const before = await startFakeRuntime(openAiListAnswers("Microsoft", "phi-4-mini"));
    const after = await startFakeRuntime(openAiListAnswers("Microsoft", "phi-4-mini", "qwen2.5"));
    foundry.startAt(before.origin);
    const vscode = await stage().startVscode({}, { HOME: foundry.folder });
    const workbench = await Workbench.open(vscode);
    try {
      await workbench.openContainer("Postern");
      await workbench.runCommand("Postern: Add Provider");
      await workbench.untilStep("What kind of provider?");
      const rows = () => workbench.quickItems().allTextContents();
      await until("what was found", async () =>
        (await rows()).some((row) => /not running; start it with: foundry service start/.test(row)),
      );
      await workbench.screenshot("add-provider-found-stopped");
      await workbench.pickQuickItem("What kind of provider?", "not running; start it with");
      await workbench.untilStep("is on this machine but does not run");
      await workbench.screenshot("add-provider-start");
      await workbench.page.keyboard.press("Enter");
      await workbench.acceptQuickInput("clients address its models as foundry-local/model");
      await workbench.pickQuickItem("it works", "Done");
      await until("its model", async () => {
        await workbench.treeRow("Providers", "foundry-local").click();
        return (await workbench.treeRows("Providers")).some((row) => row.includes("phi-4-mini"));
      });
      const providers = async () =>
        (await workbench.settings())["postern.providers"] as { baseUrl: string }[];
      const entry = { id: "foundry-local", type: "openai", runtime: "foundry-local" };
      assert.deepEqual(await providers(), [{ ...entry, baseUrl: `${before.origin}/v1` }]);

      await workbench.runCommand("Postern: Add Provider");
      await workbench.untilStep("What kind of provider?");
      // What is added already comes last, out of sight.
      await workbench.quickInputBox().fill("Foundry Local");
      await until("that it runs", async () =>
        (await rows()).some((row) => /Microsoft Foundry Local.*running, 1 model/.test(row)),
      );
      await workbench.screenshot("add-provider-found-running");
      await workbench.page.keyboard.press("Escape");

      await before.close();
      foundry.moveTo(after.origin);
      await workbench.runCommand("Postern: Refresh Models");
      await workbench.acceptQuickInput("Which provider?");
      await until("the other port", async () => (await providers())[0]?.baseUrl === `${after.origin}/v1`);
      await until("its models there", async () =>
        (await workbench.treeRows("Providers")).some((row) => row.includes("qwen2.5")),
      );
      assert.deepEqual(await providers(), [{ ...entry, baseUrl: `${after.origin}/v1` }]);
      for (const { headers } of [...before.asked, ...after.asked])
        assert.equal(headers.authorization, undefined);
    } finally {
      await workbench.screenshot("local-runtime-end");
      await workbench.close();
      await before.close().catch(() => undefined);
      await after.close();
      rmSync(foundry.folder, { recursive: true, force: true });
    }
  }, 180_000);
});
