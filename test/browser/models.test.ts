import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "../registry";
import { stage, until, Workbench } from "./workbench";

/** A server that says of its models what servers say. */
async function startListing(models: readonly object[]) {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ object: "list", data: models }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function providersIn(workbench: Workbench): Promise<Record<string, unknown>[]> {
  return (await workbench.settings())["postern.providers"] as Record<string, unknown>[];
}

const models = [
  { id: "swift", context_length: 131_072, supports_tools: true, supports_image_input: true },
  { id: "vast", context_length: 1_048_576, supports_tools: true, supports_reasoning: true },
  { id: "plain" },
];

suite("models in the tree", () => {
  test("they say what they take, and are hidden together, had back, pinned, renamed and added", async () => {
    const server = await startListing(models);
    const vscode = await stage().startVscode({
      "postern.providers": [
        {
          id: "box",
          type: "openai",
          baseUrl: server.baseUrl,
          modelOverrides: { vast: { price: { input: 1.25, cachedInput: 0.125, output: 10 } } },
        },
      ],
    });
    const workbench = await Workbench.open(vscode);
    await workbench.openContainer("Postern");
    await workbench.treeRow("Providers", "box").click();
    const rows = async () => (await workbench.treeRows("Providers")).slice(1);
    const shows = (...expected: string[]) =>
      until(expected.join(" | "), async () => (await rows()).join(" | ") === expected.join(" | "));
    const vast = "vast 1M · $1.25/$10 · tools, reasoning";
    const swift = "swift 131k · tools, images";
    await shows(swift, vast, "plain");
    assert.equal(
      await workbench.treeRow("Providers", "vast").getAttribute("aria-label"),
      "Model vast, context of 1,048,576 tokens, 1.25 dollars in and 10 dollars out per million tokens, calls tools, reasons",
    );
    await workbench.treeRow("Providers", "vast").hover();
    const hover = workbench.page.locator(".monaco-hover:visible", { hasText: "Context window" });
    await hover.waitFor();
    const table = (await hover.locator("tr").allTextContents()).map((text) => text.replace(/\s+/g, " "));
    assert.ok(
      table.some((line) => /Context window.*1,048,576 tokens.*the provider/.test(line)),
      table.join(),
    );
    assert.ok(table.some((line) => /Price.*\$1\.25 in, \$0\.125 cached, \$10 out.*your settings/.test(line)));
    await workbench.screenshot("models-hover");
    await workbench.page.keyboard.press("Escape");

    await workbench.treeRow("Providers", "swift").click();
    await workbench.treeRow("Providers", "plain").click({ modifiers: ["Control"] });
    await workbench.treeMenu("Providers", "plain", "Hide Models");
    await shows(vast, "2 hidden");
    assert.deepEqual(Object.keys((await providersIn(workbench))[0]?.modelOverrides ?? {}), [
      "vast",
      "swift",
      "plain",
    ]);
    await workbench.screenshot("models-hidden");
    await workbench.notification("Hid 2 models", "Undo");
    await shows(swift, vast, "plain");

    await workbench.treeMenu("Providers", "plain", "Hide Models");
    await shows(swift, vast, "1 hidden");
    await workbench.treeAction("Providers", "1 hidden", "Show Hidden Models");
    await workbench.untilStep("listed again");
    await workbench.page.keyboard.press("Control+a");
    await workbench.quickItems().first().click();
    await workbench.page.keyboard.press("Enter");
    await shows(swift, vast, "plain");

    await workbench.treeMenu("Providers", "vast", "Pin Models");
    await shows(vast, swift, "plain");
    await workbench.treeMenu("Providers", "plain", "Rename Model");
    await workbench.fillQuickInput("The name to show", "Plain but kind");
    await shows(vast, swift, "Plain but kind plain");
    await workbench.treeMenu("Providers", "box", "Add Model");
    await workbench.fillQuickInput("as the provider knows it", "secret-preview");
    await shows(vast, swift, "Plain but kind plain", "secret-preview");
    assert.deepEqual((await providersIn(workbench))[0], {
      id: "box",
      type: "openai",
      baseUrl: server.baseUrl,
      modelOverrides: {
        vast: { price: { input: 1.25, cachedInput: 0.125, output: 10 }, pinned: true },
        plain: { name: "Plain but kind" },
      },
      extraModels: [{ id: "secret-preview" }],
    });
    for (const theme of ["light", "highContrastDark"] as const) {
      await workbench.useTheme(theme);
      await workbench.screenshot(`models-${theme}`);
    }
    await workbench.close();
    server.close();
  }, 180_000);

  test("providers change places by mouse and by key, and the row that moves stays selected", async () => {
    const server = await startListing(models);
    const entry = (id: string) => ({ id, type: "openai", baseUrl: server.baseUrl });
    const vscode = await stage().startVscode({
      "postern.providers": ["a-one", "b-two", "c-three"].map(entry),
    });
    const workbench = await Workbench.open(vscode);
    await workbench.openContainer("Postern");
    const order = async () => (await workbench.treeRows("Providers")).map((row) => row.split(" ")[0]);
    const shows = (...expected: string[]) =>
      until(expected.join(), async () => (await order()).join() === expected.join());
    await shows("a-one", "b-two", "c-three");
    // A tree that is drawn anew meanwhile, as when the engine has come up, loses what is being dragged.
    await until("the dragged row on top", async () => {
      await workbench.treeRow("Providers", "c-three").dragTo(workbench.treeRow("Providers", "a-one"));
      await workbench.page.waitForTimeout(1000);
      return (await order())[0] === "c-three";
    });
    await shows("c-three", "a-one", "b-two");
    assert.deepEqual(
      (await providersIn(workbench)).map(({ id }) => id),
      ["c-three", "a-one", "b-two"],
    );
    await workbench.treeRow("Providers", "a-one").click();
    await workbench.page.keyboard.press("Alt+ArrowDown");
    await until(
      "the row below",
      async () => (await order()).indexOf("a-one") > (await order()).indexOf("b-two"),
    );
    await workbench.page.keyboard.press("Alt+ArrowUp");
    await workbench.page.keyboard.press("Alt+ArrowUp");
    await until("the row on top", async () => (await order())[0] === "a-one");
    await workbench.screenshot("providers-moved");
    await workbench.close();
    server.close();
  }, 120_000);
});
