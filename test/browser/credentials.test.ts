import assert from "node:assert/strict";
import { suite, test } from "../registry";
import { startKeyedProvider } from "./keyedProvider";
import { stage, until, Workbench } from "./workbench";

const TOKEN = "token-browser-canary-5521";

suite("credentials", () => {
  test("a command that came with the settings is shown whole and run only after a yes", async () => {
    const provider = await startKeyedProvider(TOKEN);
    const vscode = await stage().startVscode({
      "postern.providers": [
        {
          id: "company",
          type: "openai",
          baseUrl: provider.baseUrl,
          credentials: [{ kind: "command", command: ["/bin/echo", TOKEN], label: "echo" }],
        },
      ],
    });
    const workbench = await Workbench.open(vscode);
    await workbench.openContainer("Postern");
    await workbench.notification("has not been confirmed on this machine", "Review…");
    const dialog = workbench.page.locator(".monaco-dialog-box");
    await dialog.getByText(`/bin/echo ${TOKEN}`).waitFor();
    await workbench.screenshot("credential-review");
    assert.deepEqual(provider.authorizations, []);
    await dialog.locator(".monaco-button", { hasText: "Run It" }).click();
    await until("the token", async () =>
      (await workbench.treeRows("Providers")).includes("company token from a command"),
    );
    await until("the models", async () => provider.authorizations.includes(`Bearer ${TOKEN}`));
    await workbench.treeRow("Providers", "company").click();
    await workbench.treeRow("Providers", "echo").waitFor();
    await workbench.screenshot("credential-rows");

    await workbench.treeMenu("Providers", "company", "Add Credential…");
    await workbench.untilStep("Where does the credential come from?");
    await workbench.screenshot("credential-kinds");
    await workbench.pickQuickItem("Where does the credential come from?", "API key");
    await workbench.fillQuickInput("A label", "work");
    await workbench.fillQuickInput("it is kept in the secret storage", TOKEN);
    await until("both", async () =>
      (await workbench.treeRows("Providers")).includes("company 2 credentials: echo, work"),
    );
    await workbench.screenshot("credential-pool");
    await workbench.close();
    provider.close();
  }, 120_000);

  test("an import shows what it adds, and can be undone", async () => {
    const provider = await startKeyedProvider(TOKEN);
    const vscode = await stage().startVscode(
      {
        "postern.providers": [
          { id: "groq", type: "openai", baseUrl: "https://api.groq.com/openai/v1", enabled: false },
        ],
      },
      { GROQ_API_KEY: "gsk_browser_canary", VLLM_API_KEY: TOKEN, VLLM_BASE_URL: provider.baseUrl },
    );
    const workbench = await Workbench.open(vscode);
    await workbench.openContainer("Postern");
    await workbench.runCommand("Postern: Import…");
    await workbench.pickQuickItem("From where?", "Environment variables");
    await workbench.untilStep("Which providers are to be added?");
    await workbench.screenshot("import-preview");
    await workbench.page.keyboard.press("Enter");
    await workbench.notification("Added the provider vllm.");
    await until("the provider", async () =>
      (await workbench.treeRows("Providers")).some((row) =>
        row.startsWith("vllm key set, from the environment"),
      ),
    );
    await workbench.notification("Added the provider vllm.", "Undo");
    await until("that it is gone", async () =>
      (await workbench.treeRows("Providers")).every((row) => !row.startsWith("vllm")),
    );
    await workbench.close();
    provider.close();
  }, 120_000);
});
