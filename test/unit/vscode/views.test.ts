import { expect, test, vi } from "vitest";
import { ActivityStore } from "../../../src/vscode/activity/activityState";
import { StateStore } from "../../../src/vscode/state";
import { createViews } from "../../../src/vscode/views/views";
import { entry, ready, state } from "./fixtures";

/** What VS Code is told to draw anew. */
const drawn = vi.hoisted(() => [] as string[]);
vi.mock("vscode", () => {
  class EventEmitter {
    readonly event = (): { dispose(): void } => ({ dispose() {} });
    fire(): void {
      drawn.push("tree");
    }
    dispose(): void {}
  }
  class Text {}
  const item = {
    show() {},
    dispose() {},
    set text(_: string) {
      drawn.push("status");
    },
  };
  const tree = { visible: false, onDidChangeVisibility: () => ({ dispose() {} }), dispose() {} };
  const window = { createTreeView: () => tree, createStatusBarItem: () => item };
  const commands = { executeCommand: async () => drawn.push("context") };
  return { EventEmitter, MarkdownString: Text, ThemeColor: Text, StatusBarAlignment: {}, window, commands };
});

test("a view that would look the same is not drawn anew", () => {
  const local = { providers: [entry()] };
  const store = new StateStore(state(ready(), local));
  const views = createViews(store, new ActivityStore(), Promise.resolve(), {
    onVisible() {},
    onActivityVisible() {},
    onMove() {},
    onMoveRoute() {},
  });
  expect(drawn.splice(0)).toEqual(["tree", "tree", "tree", "status", "context"]);
  // As the engine tells it while requests run; how many are running shows nowhere.
  for (let running = 0; running < 5; running++) store.update({ engine: ready({ running }) });
  expect(drawn.splice(0)).toEqual([]);
  store.update({
    engine: ready({
      usage: { day: "2026-01-01", requests: 13, inputTokens: 1, outputTokens: 1, unreported: 0 },
    }),
  });
  expect(drawn.splice(0)).toEqual(["status"]);
  store.update({ engine: ready({ gateway: { state: "stopped" } }) });
  expect(drawn.splice(0)).toEqual(["tree", "status", "context"]);
  views.dispose();
});
