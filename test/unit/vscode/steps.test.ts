import { expect, test, vi } from "vitest";
import { pickStep } from "../../../src/vscode/ui/steps";

/** The list that VS Code shows, as far as it matters here: new items make the first one active again. */
class FakePick {
  private shown: readonly { label: string }[] = [];
  activeItems: readonly { label: string }[] = [];
  selectedItems: readonly { label: string }[] = [];
  busy = false;
  private accept = (): void => {};
  private hide = (): void => {};
  onDidTriggerButton = (): void => {};
  onDidAccept = (listener: () => void): void => {
    this.accept = listener;
  };
  onDidHide = (listener: () => void): void => {
    this.hide = listener;
  };
  show = (): void => {};
  dispose = (): void => {};
  get items(): readonly { label: string }[] {
    return this.shown;
  }
  set items(items: readonly { label: string }[]) {
    this.shown = items;
    this.activeItems = items.filter((item) => "value" in item).slice(0, 1);
  }
  press(): void {
    this.selectedItems = this.activeItems;
    this.accept();
  }
  escape(): void {
    this.hide();
  }
}

let pick: FakePick;
vi.mock("vscode", () => ({
  QuickPickItemKind: { Separator: -1 },
  QuickInputButtons: { Back: {} },
  window: {
    createQuickPick: () => {
      pick = new FakePick();
      return pick;
    },
  },
}));

test("choices that come later stand where they belong, and leave the chosen one chosen", async () => {
  let found = (): void => {};
  let ended = false;
  const step = pickStep<string>({
    title: "t",
    placeholder: "p",
    choices: [{ heading: "Companies" }, { label: "OpenAI", value: "openai" }],
    later: (show, signal) => {
      signal.addEventListener("abort", () => {
        ended = true;
      });
      return new Promise((resolve) => {
        found = () => {
          show([
            { heading: "Found" },
            { label: "Ollama", value: "ollama" },
            { heading: "Companies" },
            { label: "OpenAI", value: "openai" },
          ]);
          resolve();
        };
      });
    },
  });
  expect(pick.busy).toBe(true);
  found();
  expect(pick.items.map(({ label }) => label)).toEqual(["Found", "Ollama", "Companies", "OpenAI"]);
  expect(pick.items[0]).toMatchObject({ kind: -1 });
  expect(pick.activeItems).toMatchObject([{ value: "openai" }]);
  await vi.waitFor(() => expect(pick.busy).toBe(false));
  pick.press();
  expect(await step).toEqual({ kind: "answer", value: "openai" });
  expect(ended).toBe(true);
});

test("a list that is gone is not touched any more", async () => {
  let show = (_: readonly { label: string; value: string }[]): void => {};
  const step = pickStep<string>({
    title: "t",
    placeholder: "p",
    choices: [{ label: "OpenAI", value: "openai" }],
    later: (given) => {
      show = given;
      return new Promise(() => {});
    },
  });
  pick.escape();
  expect(await step).toEqual({ kind: "cancel" });
  show([{ label: "Ollama", value: "ollama" }]);
  expect(pick.items.map(({ label }) => label)).toEqual(["OpenAI"]);
});
