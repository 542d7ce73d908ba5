import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import * as vscode from "vscode";
import { suite, test } from "../registry";
import { FakeGitHub } from "../support/copilot/fakeGitHub";
import { clean, postern, set, statusOf, until } from "./support/postern";

const TOKEN = "github_pat_fromthewindow0123456789";

suite("a Copilot subscription", () => {
  test("shows its accounts, models and quota, answers, and an account is switched off and on", async () => {
    const api = await postern();
    await clean(api);
    const root = vscode.extensions.getExtension("postern.postern")?.extensionPath ?? "";
    const github = await new FakeGitHub().start();
    github.accounts.set(TOKEN, { login: "octo", entitlement: 300, used: 10 });
    try {
      const cliPath = join(root, "test", "support", "copilot", "fakeRuntime.js");
      const entry = { id: "copilot", type: "copilot", baseUrl: github.url };
      await api.registry.add({ ...entry, copilot: { acceptedTerms: true, cliPath } }, TOKEN);
      const rows = () =>
        (api.providersTree()[0]?.children ?? []).map(({ label, description }) => `${label}: ${description}`);
      await vscode.commands.executeCommand("postern.startGateway");
      await until("the models", () => rows().some((row) => /^GPT-5-MINI: .*free/.test(row)));
      ok(
        rows().some((row) => /^CLAUDE-SONNET-4\.5: .*1× premium/.test(row)),
        rows().join("\n"),
      );
      const provider = { kind: "provider", id: "copilot", index: 0 };
      await vscode.commands.executeCommand("postern.refreshModels", { target: provider });
      const account = await until(
        "the quota",
        () => rows().find((row) => row.includes("premium requests")),
        30_000,
      );
      match(account, /: 290 of 300 premium requests a month left · github_pat\.\.\.6789 · /);
      const status = statusOf(api);
      ok(status?.gateway.state === "running");
      const { url } = status.gateway;
      const [key] = await api.gatewayKeys.copies();
      const ask = () =>
        fetch(`${url}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: `Bearer ${key?.key}`, "content-type": "application/json" },
          body: JSON.stringify({ model: "copilot/gpt-5-mini", messages: [{ role: "user", content: "hi" }] }),
        });
      const answer = await ask();
      equal(answer.status, 200);
      match(await answer.text(), /Hello there/);
      const target = { kind: "credential", id: "copilot", index: 0, label: account.split(":")[0] ?? "" };
      await vscode.commands.executeCommand("postern.disableCredential", { target });
      await until("the account to be off", () => rows().some((row) => row.endsWith("it is switched off")));
      equal((await ask()).status, 403);
      await vscode.commands.executeCommand("postern.enableCredential", { target });
      await until("the account to be back", () => rows().some((row) => row.includes("github_pat...6789")));
      equal((await ask()).status, 200);
    } finally {
      await set("providers", []);
      github.stop();
    }
  });
});
