import assert from "node:assert/strict";
import { suite, test } from "../registry";
import { startSlowProvider } from "./slowProvider";
import { stage, until, Workbench } from "./workbench";

/** Address and gateway key, as a person copies them. */
async function copied(workbench: Workbench): Promise<{ url: string; gatewayKey: string }> {
  await workbench.runCommand("Postern: Copy Gateway URL");
  await until("the address on the clipboard", async () =>
    (await workbench.clipboard()).startsWith("http://"),
  );
  const url = await workbench.clipboard();
  await workbench.runCommand("Postern: Copy Gateway Key");
  await until("the gateway key on the clipboard", async () =>
    (await workbench.clipboard()).startsWith("pst_"),
  );
  return { url, gatewayKey: await workbench.clipboard() };
}

async function statusBarSays(workbench: Workbench, text: RegExp): Promise<void> {
  await until(`${text} in the status bar`, async () =>
    (await workbench.statusBarTexts()).some((item) => text.test(item)),
  );
}

suite("windows", () => {
  test("a reload does not cut a stream that is running", async () => {
    const provider = await startSlowProvider();
    const vscode = await stage().startVscode({
      "postern.providers": [{ id: "slow", type: "openai", baseUrl: provider.baseUrl }],
      "postern.gateway.port": 0,
      "postern.gateway.autoStart": true,
      "postern.engine.lingerSeconds": 30,
    });
    const workbench = await Workbench.open(vscode);
    try {
      await statusBarSays(workbench, /\d req/);
      const { url, gatewayKey } = await copied(workbench);
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${gatewayKey}`, "content-type": "application/json" },
        body: JSON.stringify({
          model: "slow/slow",
          stream: true,
          messages: [{ role: "user", content: "hi" }],
        }),
      });
      assert.equal(answer.status, 200);
      const text = answer.text();
      await workbench.reload();
      await statusBarSays(workbench, /\d req/);
      provider.finish();
      assert.ok((await text).endsWith("data: [DONE]\n\n"), "the stream was cut");
      assert.equal((await copied(workbench)).url, url);
      await statusBarSays(workbench, /1 req/);
    } finally {
      await workbench.close();
      provider.close();
    }
  }, 120_000);

  test("two windows share the gateway", async () => {
    const vscode = await stage().startVscode({ "postern.gateway.port": 0 });
    const first = await Workbench.open(vscode);
    try {
      const second = await first.openBeside();
      await first.runCommand("Postern: Start Gateway");
      await statusBarSays(first, /\d req/);
      // It came before there was an engine, and has not started one of its own.
      await second.runCommand("Postern: Start Gateway");
      await statusBarSays(second, /\d req/);
      const { url } = await copied(first);
      assert.equal((await copied(second)).url, url);
      await first.runCommand("Postern: Stop Gateway");
      await statusBarSays(second, /Postern: stopped/);
    } finally {
      await first.close();
    }
  }, 120_000);
});
