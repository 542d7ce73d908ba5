import { deepEqual, equal, match, ok } from "node:assert/strict";
import * as vscode from "vscode";
import type { PosternTestApi } from "../../src/vscode/testApi";
import { suite, test } from "../registry";
import { type FakeProvider, startFakeProvider } from "./support/fakeProvider";
import { clean, postern, set, statusOf, until } from "./support/postern";

const written = () => vscode.workspace.getConfiguration("postern").get("routes");
const rows = (api: PosternTestApi) =>
  api
    .routesTree()
    .flatMap(({ label, description, children = [] }) => [
      `${label}: ${description}`,
      ...children.map((child) => `  ${child.label}: ${child.description}`),
    ]);

/** Two providers, of which the second one works only. */
async function stage(api: PosternTestApi): Promise<FakeProvider> {
  const provider = await startFakeProvider("sk-5");
  await api.registry.add({
    id: "gone",
    type: "openai",
    baseUrl: "http://127.0.0.1:1/v1",
    models: [{ id: "m" }],
  });
  await api.registry.add({ id: "fake", type: "openai", baseUrl: provider.baseUrl }, "sk-5");
  await vscode.commands.executeCommand("postern.startGateway");
  await until("the models", () => statusOf(api)?.providers[1]?.models.length === 2);
  return provider;
}

async function ask(api: PosternTestApi, model: string, text = "hi"): Promise<Response> {
  const status = statusOf(api);
  ok(status?.gateway.state === "running");
  const [key] = await api.gatewayKeys.copies();
  return fetch(`${status.gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key?.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: text }] }),
  });
}

suite("routes", () => {
  test("a new route answers where its first target fails, and shows how its targets stand", async () => {
    const api = await postern();
    await clean(api);
    const provider = await stage(api);
    try {
      await api.routes.add({
        id: "fast",
        strategy: "fallback",
        targets: ["gone/m", "fake/small", "nowhere/x"],
      });
      await until("the engine to know", () => rows(api)[0] === "fast: in order · 2 of 3 ready");
      const answer = await ask(api, "fast");
      equal(answer.status, 200, await answer.text());
      equal(answer.headers.get("x-postern-provider"), "fake");
      const [, ...targets] = await until("the time of the answer", () => {
        const shown = rows(api);
        return / ms/.test(shown[2] ?? "") && shown;
      });
      equal(targets[0], "  gone/m: ready");
      match(targets[1] ?? "", /^ {2}fake\/small: ready · \d+ ms$/);
      equal(targets[2], "  nowhere/x: unusable: no provider has this model");
      // Other conversations, which are not on the target that has answered already.
      for (const text of ["one", "two"]) equal((await ask(api, "fast", text)).status, 200);
      await until("the target at rest", () => /^ {2}gone\/m: resting: it failed/.test(rows(api)[1] ?? ""));
    } finally {
      await provider.close();
    }
  });

  test("the commands change what is written and nothing else", async () => {
    const api = await postern();
    await clean(api);
    const provider = await stage(api);
    const faulty = { name: "broken", targets: "none", mine: true };
    const fast = { name: "fast", targets: [{ model: "gone/m" }, { model: "fake/small", weight: 2 }] };
    const run = (command: string, row: unknown) => vscode.commands.executeCommand(command, row);
    const route = (name: string) => api.routesTree().find(({ label }) => label === name);
    try {
      await set("routes", [faulty, fast]);
      await until("both routes", () => api.routesTree().length === 2);
      match(rows(api)[0] ?? "", /^broken: faulty: /);
      await run("postern.moveRouteUp", route("fast"));
      deepEqual(written(), [fast, faulty]);
      await run("postern.moveRouteUp", route("fast")?.children?.[1]);
      deepEqual(written(), [{ ...fast, targets: fast.targets.toReversed() }, faulty]);
      await run("postern.removeRouteTarget", route("fast")?.children?.[1]);
      deepEqual(written(), [{ name: "fast", targets: [{ model: "fake/small", weight: 2 }] }, faulty]);
      await run("postern.copyRouteName", route("fast"));
      equal(await vscode.env.clipboard.readText(), "fast");
      await run("postern.deleteRoute", route("fast"));
      deepEqual(written(), [faulty]);
      await run("postern.deleteRoute", route("broken"));
      deepEqual(api.routesTree(), []);
    } finally {
      await provider.close();
    }
  });

  test("a tool's fixed model name is answered by another model", async () => {
    const api = await postern();
    await clean(api);
    const provider = await stage(api);
    try {
      await api.routes.add({ id: "claude-*", strategy: "fallback", targets: ["fake/large"] });
      await until("the route", () => rows(api)[0] === "claude-*: pattern · in order · ready");
      const answer = await ask(api, "claude-opus-9");
      equal(answer.status, 200, await answer.text());
      equal(answer.headers.get("x-postern-model"), "large");
      const undo = await api.routes.rename({ name: "claude-*", index: 0 }, "my-*");
      equal((await ask(api, "claude-opus-9")).status, 404);
      await undo();
      await until("the old name", () => rows(api)[0] === "claude-*: pattern · in order · ready");
      equal((await ask(api, "claude-opus-9")).status, 200);
    } finally {
      await provider.close();
    }
  });
});
