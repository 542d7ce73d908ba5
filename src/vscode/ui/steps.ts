import * as vscode from "vscode";

/** How a step ended. */
export type Answer<T> =
  | { readonly kind: "answer"; readonly value: T }
  | { readonly kind: "back" }
  | { readonly kind: "cancel" };

/** What every step says of itself. */
export interface Step {
  readonly title: string;
  readonly step?: number;
  readonly totalSteps?: number;
  /** Whether there is a step to go back to. */
  readonly canGoBack?: boolean;
}

export interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/** Stands above the choices that follow it. */
export interface Heading {
  readonly heading: string;
}

export interface PickStep<T> extends Step {
  readonly placeholder: string;
  /** What the choice is about, shown in full above it. */
  readonly prompt?: string;
  readonly choices: readonly (Choice<T> | Heading)[];
  /** Brings other choices while the list is shown, until it resolves; the signal says that nobody needs them now. */
  readonly later?: (
    show: (choices: readonly (Choice<T> | Heading)[]) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Chosen beforehand, when coming back to the step. */
  readonly active?: T;
}

export interface InputStep extends Step {
  /** May depend on the text so far. */
  readonly prompt: string | ((text: string) => string);
  readonly value?: string;
  readonly placeholder?: string;
  readonly password?: boolean;
  /** What is wrong with the text so far; undefined if nothing is. */
  readonly validate?: (text: string) => string | undefined;
  /** What to think of before a text without faults is used; it can be used all the same. */
  readonly warn?: (text: string) => string | undefined;
  /** A page that helps with the step; opened by a button. */
  readonly helpPage?: { readonly label: string; readonly url: string };
}

/** Lets the person choose one of several. */
export function pickStep<T>(step: PickStep<T>): Promise<Answer<T>> {
  const pick = vscode.window.createQuickPick<Item<T>>();
  pick.placeholder = step.placeholder;
  pick.prompt = step.prompt;
  pick.items = step.choices.map(itemOf);
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  // New items must not take the list away under the person's eyes.
  pick.keepScrollPosition = true;
  const activate = (value: T | undefined): void => {
    const found = pick.items.find((item) => "value" in item && item.value === value);
    if (found) pick.activeItems = [found];
  };
  if (step.active !== undefined) activate(step.active);
  const done = new AbortController();
  if (step.later) {
    const show = (choices: PickStep<T>["choices"]): void => {
      if (done.signal.aborted) return;
      const [active] = pick.activeItems;
      pick.items = choices.map(itemOf);
      if (active && "value" in active) activate(active.value);
    };
    pick.busy = true;
    void step.later(show, done.signal).finally(() => {
      if (!done.signal.aborted) pick.busy = false;
    });
  }
  return answerOf<T>(pick, step, (resolve) => {
    const [chosen] = pick.selectedItems;
    if (chosen && "value" in chosen) resolve({ kind: "answer", value: chosen.value });
  }).finally(() => done.abort());
}

type Item<T> = Choice<T> | vscode.QuickPickItem;

function itemOf<T>(choice: Choice<T> | Heading): Item<T> {
  if (!("heading" in choice)) return choice;
  return { label: choice.heading, kind: vscode.QuickPickItemKind.Separator };
}

/** Lets the person enter a text; it is checked as it is typed. */
export function inputStep(step: InputStep): Promise<Answer<string>> {
  const box = vscode.window.createInputBox();
  box.value = step.value ?? "";
  box.placeholder = step.placeholder ?? "";
  box.password = step.password ?? false;
  const show = (fault: string | undefined): void => {
    box.prompt = typeof step.prompt === "string" ? step.prompt : step.prompt(box.value);
    const warning = fault === undefined ? step.warn?.(box.value) : undefined;
    box.validationMessage =
      warning === undefined
        ? fault
        : { message: warning, severity: vscode.InputBoxValidationSeverity.Warning };
  };
  const fault = (): string | undefined => step.validate?.(box.value);
  show(undefined);
  // An empty box needs no reproach before something was typed.
  box.onDidChangeValue(() => show(box.value === "" ? undefined : fault()));
  return answerOf<string>(box, step, (resolve) => {
    const found = fault();
    show(found);
    if (found === undefined) resolve({ kind: "answer", value: box.value });
  });
}

/**
 * Shows an input until it is answered or left.
 * @param accept resolves if what was accepted will do
 */
export function answerOf<T>(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  step: Step & Pick<InputStep, "helpPage">,
  accept: (resolve: (answer: Answer<T>) => void) => void,
): Promise<Answer<T>> {
  input.title = step.title;
  input.step = step.step;
  input.totalSteps = step.totalSteps;
  // A person goes to a browser to fetch a key; the box must still be there afterwards.
  input.ignoreFocusOut = true;
  const { helpPage } = step;
  const help = helpPage && { iconPath: new vscode.ThemeIcon("link-external"), tooltip: helpPage.label };
  input.buttons = [...(step.canGoBack ? [vscode.QuickInputButtons.Back] : []), ...(help ? [help] : [])];
  return new Promise<Answer<T>>((resolve) => {
    input.onDidTriggerButton((button) => {
      if (button === vscode.QuickInputButtons.Back) resolve({ kind: "back" });
      else if (helpPage) void vscode.env.openExternal(vscode.Uri.parse(helpPage.url));
    });
    input.onDidAccept(() => accept(resolve));
    input.onDidHide(() => resolve({ kind: "cancel" }));
    input.show();
  }).finally(() => input.dispose());
}
