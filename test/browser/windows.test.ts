import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { suite, test } from "../registry";
import { startKeyedProvider } from "./keyedProvider";
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

  test("a port that is taken is said when the settings come to name it, and another one is a button away", async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as AddressInfo;
    const vscode = await stage().startVscode({
      "postern.gateway.port": 0,
      "postern.engine.lingerSeconds": 30,
    });
    const workbench = await Workbench.open(vscode);
    try {
      await workbench.runCommand("Postern: Start Gateway");
      await statusBarSays(workbench, /\d req/);
      await workbench.changeSettings({ "postern.gateway.port": port });
      await workbench.notification(`Port ${port} is in use`, "Pick another port");
      await statusBarSays(workbench, /\d req/);
      const { url } = await copied(workbench);
      assert.notEqual(new URL(url).port, String(port));
    } finally {
      await workbench.close();
      squatter.close();
    }
  }, 120_000);

  test("a key does not go along to another address unless the person says so", async () => {
    const key = "sk-moving-key-0000";
    const before = await startKeyedProvider(key);
    const after = await startKeyedProvider(key);
    const vscode = await stage().startVscode({ "postern.gateway.port": 0 });
    const workbench = await Workbench.open(vscode);
    const providers = (says: RegExp) =>
      until(`${says} in the tree`, async () =>
        (await workbench.treeRows("Providers")).some((row) => says.test(row)),
      );
    const editAddress = async (baseUrl: string) => {
      await workbench.runCommand("Postern: Edit Provider");
      await workbench.pickQuickItem("Which provider?", "key");
      await workbench.pickQuickItem("What is to be changed?", "Address");
      await workbench.fillQuickInput("address", baseUrl);
    };
    try {
      await workbench.openContainer("Postern");
      await workbench.addCustomProvider();
      await workbench.fillQuickInput("address", before.baseUrl);
      await workbench.acceptQuickInput("A short name");
      await workbench.fillQuickInput("key", key);
      await workbench.pickQuickItem("it works", "Done");
      await providers(/key set/);
      const [entry] = (await workbench.settings())["postern.providers"] as object[];
      await workbench.changeSettings({ "postern.providers": [{ ...entry, baseUrl: after.baseUrl }] });
      await providers(/key missing: the key was entered for http:\/\/127\.0\.0\.1:\d+; set it again/);
      assert.deepEqual(after.authorizations, []);
      // Back where it belongs there is nothing to ask.
      await editAddress(before.baseUrl);
      await providers(/key set/);
      await editAddress(after.baseUrl);
      await workbench.pickQuickItem("The stored key was entered for", "Use the same key");
      await until("the key at the new address", async () => after.authorizations.includes(`Bearer ${key}`));
      await providers(/key set/);
    } finally {
      await workbench.close();
      before.close();
      after.close();
    }
  }, 120_000);
});
