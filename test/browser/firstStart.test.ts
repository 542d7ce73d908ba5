import assert from "node:assert/strict";
import OpenAI from "openai";
import { suite, test } from "../registry";
import { KEYED_ANSWER, startKeyedProvider } from "./keyedProvider";
import { screenshotAll, stage, until, Workbench } from "./workbench";

const KEY = "sk-browser-canary-5f1d";

async function streamedAnswer(url: string, gatewayKey: string, model: string): Promise<string> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: gatewayKey, maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model,
    stream: true,
    messages: [{ role: "user", content: "Hello" }],
  });
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  return text;
}

suite("a first start, as a person", () => {
  test("add a provider, start the gateway, and an unchanged client streams through it", async () => {
    const provider = await startKeyedProvider(KEY);
    const vscode = await stage().startVscode({ "postern.gateway.port": 0 });
    const workbench = await Workbench.open(vscode);
    await workbench.openContainer("Postern");
    await until("the empty state's buttons", async () =>
      (await workbench.welcomeButtons("Providers")).includes("Add Provider"),
    );
    await workbench.screenshot("first-start-empty");

    await workbench.addCustomProvider();
    await workbench.screenshot("add-provider-address");
    await workbench.fillQuickInput("address", provider.baseUrl);
    await workbench.acceptQuickInput("clients address its models as custom/model");
    // A key as it comes from a clipboard: it has to arrive without the quotes and the word in front.
    await workbench.fillQuickInput("key", ` "Bearer ${KEY}" `);
    await workbench.pickQuickItem("it works", "Done");

    await until("the provider and its state in the tree", async () =>
      (await workbench.treeRows("Providers")).some((row) => /key set/.test(row)),
    );
    await workbench.treeRow("Providers", "key set").click();
    await until("its models below it", async () => {
      const rows = await workbench.treeRows("Providers");
      return (
        rows.some((row) => row.includes("gatehouse-large")) &&
        rows.some((row) => row.includes("gatehouse-small"))
      );
    });

    await workbench.runCommand("Postern: Start Gateway");
    await until("the running gateway", async () =>
      (await workbench.treeRows("Gateway")).some((row) => row.includes("Running")),
    );
    await workbench.runCommand("Postern: Copy Gateway URL");
    await until("the address on the clipboard", async () =>
      /^http:\/\/127\.0\.0\.1:\d+/.test(await workbench.clipboard()),
    );
    const url = new URL(await workbench.clipboard()).origin;
    await workbench.runCommand("Postern: Copy Gateway Key");
    await until("the gateway key on the clipboard", async () =>
      (await workbench.clipboard()).startsWith("pst_"),
    );
    const gatewayKey = await workbench.clipboard();

    assert.equal(await streamedAnswer(url, gatewayKey, "gatehouse-large"), KEYED_ANSWER);
    assert.ok(
      provider.authorizations.length > 0 &&
        provider.authorizations.every((header) => header === `Bearer ${KEY}`),
    );
    await until("the request in the status bar", async () =>
      (await workbench.statusBarTexts()).some((text) => /\b1 req/.test(text) && /1\.2k tok/.test(text)),
    );

    await workbench.statusBarItem("Postern").hover();
    await workbench.page.locator(".monaco-hover", { hasText: "Copy URL" }).first().waitFor();
    for (const theme of ["dark", "light", "highContrastDark", "highContrastLight"] as const) {
      await workbench.page.keyboard.press("Escape");
      await workbench.useTheme(theme);
      await workbench.statusBarItem("Postern").hover();
      await workbench.page.locator(".monaco-hover", { hasText: "Copy URL" }).first().waitFor();
      await screenshotAll(`running-${theme}`);
    }
    await workbench.runCommand("Postern: Stop Gateway");
    await until("the stopped gateway", async () =>
      (await workbench.statusBarTexts()).some((text) => text.includes("Postern: stopped")),
    );
    await workbench.close();
    provider.close();
  }, 180_000);

  test("a second browser joins the same engine and takes nothing away", async () => {
    const provider = await startKeyedProvider(KEY);
    const vscode = await stage().startVscode({ "postern.gateway.port": 0 });
    const first = await Workbench.open(vscode);
    await first.openContainer("Postern");
    await first.addCustomProvider();
    await first.fillQuickInput("address", provider.baseUrl);
    await first.acceptQuickInput("A short name");
    await first.fillQuickInput("key", KEY);
    await first.pickQuickItem("it works", "Done");
    await first.runCommand("Postern: Start Gateway");
    await until("the running gateway", async () =>
      (await first.treeRows("Gateway")).some((row) => row.includes("Running")),
    );
    await first.runCommand("Postern: Copy Gateway URL");
    await until("the address on the clipboard", async () =>
      /^http:\/\/127\.0\.0\.1:\d+/.test(await first.clipboard()),
    );
    const url = new URL(await first.clipboard()).origin;
    await first.runCommand("Postern: Copy Gateway Key");
    await until("the gateway key on the clipboard", async () => (await first.clipboard()).startsWith("pst_"));
    const gatewayKey = await first.clipboard();

    // Cookies and storage of its own, so a secret storage of its own, without the provider's key.
    const second = await Workbench.open(vscode);
    await second.openContainer("Postern");
    await until("the running gateway in the second browser", async () =>
      (await second.treeRows("Gateway")).some((row) => row.includes("Running")),
    );
    assert.equal(await streamedAnswer(url, gatewayKey, "gatehouse-large"), KEYED_ANSWER);
    assert.ok(provider.authorizations.every((header) => header === `Bearer ${KEY}`));
    await first.close();
    await second.close();
    provider.close();
  }, 180_000);
});
