import * as vscode from "vscode";
import { LOAD_START } from "./vscode/activation/loadStart";
import { ActivityStore } from "./vscode/activity/activityState";
import { registerParticipant } from "./vscode/agent/participant";
import { registerChat } from "./vscode/chat/register";
import { registerCommands } from "./vscode/commands/register";
import type { CommandId } from "./vscode/common/commandIds";
import { registerMcp } from "./vscode/mcp/register";
import { EMPTY_STATE, StateStore } from "./vscode/state";
import type { PosternTestApi } from "./vscode/testApi";
import { createViews } from "./vscode/views/views";

/** What loading has cost. Between loading and activation VS Code does things of its own, which are not counted. */
const LOAD_MS = performance.now() - LOAD_START;

/** Commands that need to know nothing, and help where settings or secrets cannot be read. */
const AT_ONCE: ReadonlySet<CommandId> = new Set(["postern.showLog", "postern.openSettings"]);

/**
 * Puts up commands, views and status bar, and leaves everything that takes time to load (the schema, the pipe's
 * protocol) for the moment after: VS Code's start waits for none of it.
 * @returns what tests in the extension host work with; nothing outside of tests
 */
export function activate(context: vscode.ExtensionContext): Promise<PosternTestApi> | undefined {
  const begun = performance.now();
  const channel = vscode.window.createOutputChannel("Postern", { log: true });
  const store = new StateStore(EMPTY_STATE);
  const activity = new ActivityStore();
  const runtime = afterActivation().then(async () => {
    const asked = performance.now();
    const { createRuntime } = await import("./vscode/wiring/runtime");
    const created = createRuntime(context, store, activity, channel, () => import("./copilot/agent"));
    channel.debug(`The rest was there ${(performance.now() - asked).toFixed(1)} ms after it was asked for.`);
    return created;
  });
  runtime.catch((error: unknown) => channel.error(`Postern could not start: ${String(error)}`));
  const views = createViews(
    store,
    activity,
    runtime.then(({ settled }) => settled),
    {
      onVisible: () => void runtime.then(({ viewsVisible }) => viewsVisible()),
      onActivityVisible: (visible) => void runtime.then((parts) => parts.activityVisible(visible)),
      onMove: (provider, place) => void runtime.then(({ moveProvider }) => moveProvider(provider, place)),
      onMoveRoute: (row, place) => void runtime.then(({ moveRoute }) => moveRoute(row, place)),
    },
  );
  context.subscriptions.push(
    channel,
    store,
    activity,
    registerChat(runtime.then(({ chat }) => chat)),
    registerParticipant(runtime.then(({ agent }) => agent)),
    registerMcp(
      store,
      runtime.then(({ mcp }) => mcp),
    ),
    views,
    // A key that is pressed in the view says nothing of what is selected there.
    registerCommands(async (id, target, selected) => {
      const { commands, settled } = await runtime;
      // Called while VS Code starts, a command must not take what is not read yet for what is not there.
      if (!AT_ONCE.has(id)) await settled.catch(() => {});
      await commands[id](target, selected.length > 0 ? selected : views.selection());
    }, channel),
  );
  const activationMs = LOAD_MS + performance.now() - begun;
  channel.debug(`Activated in ${activationMs.toFixed(1)} ms of own code.`);
  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  return runtime.then(({ testApi }) => testApi(activationMs));
}

function afterActivation(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
