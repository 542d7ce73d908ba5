import assert from "node:assert/strict";
import { suite, test } from "../registry";
import { freePort } from "../support/freePort";
import { startKeyedProvider } from "./keyedProvider";
import { startSlowProvider } from "./slowProvider";
import { stage, until, Workbench } from "./workbench";

const PROVIDER_KEY = "provider-key-of-the-test";
const GATEWAY_KEY = "gateway-key-of-the-test";

suite("the Activity view", () => {
  test("lists requests, live ones first; shows, repeats, finds and deletes them", async () => {
    const provider = await startKeyedProvider(PROVIDER_KEY);
    const slow = await startSlowProvider();
    const port = await freePort();
    const vscode = await stage().startVscode(
      {
        "postern.providers": [
          { id: "gate", type: "openai", baseUrl: provider.baseUrl, apiKey: "${env:GATE_KEY}" },
          { id: "slow", type: "openai", baseUrl: slow.baseUrl },
        ],
        "postern.gateway.keys": [{ name: "claude", key: "${env:TOOL_KEY}" }],
        "postern.gateway.port": port,
        "postern.gateway.autoStart": true,
        "postern.audit.level": "full",
        "postern.policy.rules": [
          { name: "no games", when: { task: "game" }, refuse: "play after work" },
          { name: "careful", when: { secrets: true }, warn: "There is a secret in it.", redact: true },
        ],
      },
      { GATE_KEY: PROVIDER_KEY, TOOL_KEY: GATEWAY_KEY },
    );
    const workbench = await Workbench.open(vscode);
    await workbench.openContainer("Postern");
    await workbench.view("Activity").locator(".monaco-list-row").first().waitFor();
    await until(
      "the gateway",
      () =>
        fetch(`http://127.0.0.1:${port}/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      30_000,
    );
    const ask = async (model: string, content: string, task = "code") => {
      const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${GATEWAY_KEY}`,
          "content-type": "application/json",
          "x-postern-task": task,
        },
        body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content }] }),
      });
      return response;
    };
    await (await ask("gate/gatehouse-large", "Where does the xylophone stand?")).text();
    await (await ask("gate/gatehouse-small", `My key is ${PROVIDER_KEY}.`)).text();
    await workbench.notification('Policy "careful", for claude: There is a secret in it.');
    await (await ask("gate/gatehouse-small", "chess", "game")).text();
    const running = await ask("slow/slow", "Take your time.");
    await until("the running request in the view", async () =>
      /^slow\/slow .*claude.* · /.test((await workbench.treeRows("Activity"))[0] ?? ""),
    );
    await until("the requests that are over", async () => (await workbench.treeRows("Activity")).length >= 4);
    const rows = await workbench.treeRows("Activity");
    assert.match(rows[1] ?? "", /^gate\/gatehouse-small refused · .*claude/);
    assert.match(rows[3] ?? "", /^gate\/gatehouse-large .*claude.* · gate · .* · 1\.2k → 34 tokens/);
    for (const theme of ["dark", "light", "highContrastDark", "highContrastLight"] as const) {
      await workbench.useTheme(theme);
      await workbench.screenshot(`activity-${theme}`);
    }
    await workbench.useTheme("dark");
    slow.finish();
    await running.text();

    await workbench.treeRow("Activity", "gatehouse-large").click();
    const editor = workbench.page.locator(".editor-instance .view-lines");
    const shown = async (text: string): Promise<boolean> =>
      ((await editor.first().textContent()) ?? "").replaceAll("\u00a0", " ").includes(text);
    await until("the request's document", () => shown("gatehouse-large: answered (200)"));
    await workbench.screenshot("activity-document-dark");
    await workbench.useTheme("light");
    await workbench.screenshot("activity-document-light");
    await workbench.useTheme("dark");

    await workbench.treeMenu("Activity", "gatehouse-large", "Copy as curl");
    await workbench.notification("It has no key in it");
    const command = await workbench.clipboard();
    assert.match(command, /^curl 'http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions'/);
    assert.ok(command.includes("xylophone"));
    assert.ok(!command.includes(GATEWAY_KEY) && !command.includes(PROVIDER_KEY));
    await workbench.treeMenu("Activity", "gatehouse-large", "Copy Commit Trailer");
    await until("the trailer", async () => (await workbench.clipboard()) === "Assisted-by: m via gate");

    const before = provider.authorizations.length;
    await workbench.treeAction("Activity", "gatehouse-large", "Replay");
    await workbench.notification("Replayed with the gateway key", "Open");
    assert.equal(provider.authorizations.length, before + 1);

    await workbench.runCommand("Postern: Filter Activity…");
    await workbench.pickQuickItem("Show only requests", "Words…");
    await workbench.fillQuickInput("Words that stand", "xylophone");
    await until("only the requests with the word", async () => {
      const found = await workbench.treeRows("Activity");
      return found.length === 3 && found.slice(1).every((row) => row.includes("gatehouse-large"));
    });
    await workbench.screenshot("activity-filtered");
    await workbench.runCommand("Postern: Clear Activity Filter");
    await until("all of them again", async () => (await workbench.treeRows("Activity")).length >= 5);

    await workbench.treeMenu("Activity", "refused", "Delete from Activity");
    await workbench.pickQuickItem("What is to be deleted?", "The audit's rows too");
    await workbench.page.locator(".monaco-dialog-box .monaco-button", { hasText: "Delete" }).first().click();
    await workbench.notification("Deleted.");

    await workbench.runCommand("Postern: Verify Audit");
    await until("a chain that is good", () => shown("rows are as they were written"));
    await workbench.runCommand("Postern: Explain Policy…");
    await workbench.fillQuickInput("Which model", "gate/gatehouse-large");
    await workbench.fillQuickInput("What would the request be for", "game");
    await until("why it would be refused", () =>
      shown('Refused. The policy rule "no games" of your settings'),
    );
    await workbench.screenshot("policy-explained");
    await workbench.close();
    provider.close();
    slow.close();
  }, 180_000);
});
