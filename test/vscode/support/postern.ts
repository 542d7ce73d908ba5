import * as vscode from "vscode";
import type { EngineStatus } from "../../../src/core/rpc/contract";
import type { PosternTestApi } from "../../../src/vscode/testApi";

/** The activated extension. */
export async function postern(): Promise<PosternTestApi> {
  const extension = vscode.extensions.getExtension<PosternTestApi | undefined>("postern.postern");
  if (!extension) throw new Error("postern.postern is not installed");
  const api = await extension.activate();
  if (!api) throw new Error("the extension does not run in test mode");
  return api;
}

/** Waits until something is so, and returns what it found. */
export async function until<T>(
  what: string,
  find: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The engine's status as the window has it now. */
export function statusOf(api: PosternTestApi): EngineStatus | undefined {
  const { engine } = api.state();
  return engine.kind === "ready" ? engine.status : undefined;
}

/** Writes a setting of the user. */
export async function set(key: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration("postern").update(key, value, vscode.ConfigurationTarget.Global);
}

/** No providers, no routes, no gateway keys, no running gateway. */
export async function clean(api: PosternTestApi): Promise<void> {
  if (statusOf(api)) await vscode.commands.executeCommand("postern.stopGateway");
  await set("providers", undefined);
  await set("routes", undefined);
  await set("gateway.port", 0);
  await set("gateway.keys", undefined);
  await set("budgets", undefined);
  await set("terminal.tools", undefined);
  for (const name of await api.secrets.keys()) {
    if (name !== "postern.engineToken") await api.secrets.delete(name);
  }
  await until("an empty state", () => {
    const { providers, routes, gatewayKeys } = api.state().local;
    return providers.length === 0 && routes.length === 0 && gatewayKeys.length === 0;
  });
}
