import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "../registry";
import { stage, until, Workbench } from "./workbench";

/** A provider that tells its limits as OpenAI does. */
async function startLimitedProvider(): Promise<{ baseUrl: string; close(): void }> {
  let left = 100;
  const server = createServer((request, response) => {
    request.resume();
    left -= 1;
    response.writeHead(200, {
      "content-type": "application/json",
      "x-ratelimit-limit-requests": "100",
      "x-ratelimit-remaining-requests": String(left),
      "x-ratelimit-reset-requests": "6h0m0s",
    });
    response.end(
      JSON.stringify({
        id: "c1",
        object: "chat.completion",
        created: 1,
        model: "gatehouse",
        choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
        usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}/v1`, close: () => server.close() };
}

/** What a request costs: 20 tokens in at a thousandth of a dollar, 5 out at five. */
const SETTINGS = (baseUrl: string) => ({
  "postern.providers": [
    {
      id: "limited",
      type: "openai",
      baseUrl,
      models: [{ id: "gatehouse", price: { input: 1000, output: 5000 } }],
    },
  ],
  "postern.budgets": [
    { name: "month", usd: 0.5, period: "month" },
    { name: "team", scope: { label: "team=web" }, tokens: 100_000, period: "week", hard: false },
  ],
  "postern.gateway.port": 0,
  "postern.gateway.autoStart": true,
});

suite("limits, as a person", () => {
  test("a budget is seen running out, stops, and is raised from its notification", async () => {
    const provider = await startLimitedProvider();
    const vscode = await stage().startVscode(SETTINGS(provider.baseUrl));
    const workbench = await Workbench.open(vscode);
    const statusBarSays = (text: RegExp) =>
      until(`${text} in the status bar`, async () =>
        (await workbench.statusBarTexts()).some((item) => text.test(item)),
      );
    try {
      await workbench.openContainer("Postern");
      await statusBarSays(/\$0\.50 left/);
      await workbench.runCommand("Postern: Copy Gateway URL");
      await until("the address", async () => (await workbench.clipboard()).startsWith("http://"));
      const url = await workbench.clipboard();
      await workbench.runCommand("Postern: Copy Gateway Key");
      await until("the gateway key", async () => (await workbench.clipboard()).startsWith("pst_"));
      const key = await workbench.clipboard();
      const ask = async (): Promise<number> => {
        const answer = await fetch(`${url}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          body: JSON.stringify({
            model: "limited/gatehouse",
            max_tokens: 5,
            messages: [{ role: "user", content: "hi" }],
          }),
        });
        await answer.text();
        return answer.status;
      };
      for (let index = 0; index < 5; index += 1) assert.equal(await ask(), 200);
      await statusBarSays(/\$0\.2\d+ left/);
      await workbench.screenshot("quota-half");
      let status = 200;
      for (let index = 0; index < 10 && status === 200; index += 1) status = await ask();
      assert.equal(status, 429);
      await workbench.notification('Budget "month"');
      await workbench.screenshot("quota-notification");
      await until("the budget in the tree", async () =>
        (await workbench.treeRows("Gateway")).some((row) =>
          /^month 9\d % · \$0\.\d+ of \$0\.50 a month/.test(row),
        ),
      );
      for (const theme of ["dark", "light", "highContrastDark", "highContrastLight"] as const) {
        await workbench.page.keyboard.press("Escape");
        await workbench.useTheme(theme);
        await workbench.statusBarItem("Postern").hover();
        await workbench.page.locator(".monaco-hover", { hasText: "Providers' quotas" }).first().waitFor();
        await workbench.screenshot(`quota-${theme}`);
      }
      await workbench.page.keyboard.press("Escape");
      await workbench.runCommand("Postern: Raise Budget");
      await workbench.pickQuickItem("Which budget?", "month");
      await workbench.pickQuickItem("raise it by how much?", "By 100 %");
      await workbench.notification("now allows $1.00 a month", "Undo");
      await until("the old amount", async () =>
        (await workbench.treeRows("Gateway")).some((row) => row.includes("of $0.50 a month")),
      );
      await workbench.runCommand("Postern: Raise Budget");
      await workbench.pickQuickItem("Which budget?", "month");
      await workbench.pickQuickItem("raise it by how much?", "By 100 %");
      await until("a request that goes through", async () => (await ask()) === 200);
      await statusBarSays(/\$0\.\d+ left/);
    } finally {
      await workbench.close();
      provider.close();
    }
  }, 180_000);

  test("a gateway key is made, limited, disabled and brought back", async () => {
    const provider = await startLimitedProvider();
    const vscode = await stage().startVscode(SETTINGS(provider.baseUrl));
    const workbench = await Workbench.open(vscode);
    const row = (text: RegExp) =>
      until(`${text} in the tree`, async () =>
        (await workbench.treeRows("Gateway")).some((line) => text.test(line)),
      );
    try {
      await workbench.openContainer("Postern");
      await row(/^Running/);
      await workbench.runCommand("Postern: New Gateway Key");
      await workbench.fillQuickInput("Which tool", "codex");
      await workbench.pickQuickItem("copied again", "Copy it once");
      await workbench.notification("It is not shown again.");
      const key = await workbench.clipboard();
      assert.match(key, /^pst_/);
      await row(new RegExp(`^codex ${key.slice(0, 6)}…${key.slice(-4)}`));
      await workbench.treeMenu("Gateway", "codex", "Edit Gateway Key Limits");
      await workbench.pickQuickItem("What is to be changed?", "Requests per minute");
      await workbench.fillQuickInput("in any 60 seconds", "5");
      await workbench.pickQuickItem("What is to be changed?", "Budget");
      await workbench.pickQuickItem("What is limited?", "US dollars");
      await workbench.fillQuickInput("How many US dollars", "2.50");
      await workbench.pickQuickItem("For how long?", "A day");
      await workbench.pickQuickItem("What is to be changed?", "Expiry");
      await workbench.fillQuickInput("not accepted", "2099-01-01");
      await workbench.screenshot("gateway-key-limits");
      await workbench.pickQuickItem("What is to be changed?", "Done");
      await row(/^codex .*\$0\.00 of \$2\.50 a day.*5 requests\/min.*until 2099-01-01/);
      await workbench.treeMenu("Gateway", "codex", "Disable Gateway Key");
      await row(/^codex disabled/);
      await workbench.notification('Disabled the key "codex"', "Undo");
      await row(/^codex pst_/);
      await workbench.screenshot("gateway-keys");
    } finally {
      await workbench.close();
      provider.close();
    }
  }, 180_000);
});
