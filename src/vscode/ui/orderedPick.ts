import * as vscode from "vscode";
import { type Answer, answerOf, type Step } from "./steps";

/** One of several that can be picked, in an order. */
export interface OrderedChoice {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
}

export interface OrderedPickStep extends Step {
  readonly placeholder: string;
  readonly choices: readonly OrderedChoice[];
  /** Labels that are picked beforehand, in their order. */
  readonly picked?: readonly string[];
  /** What is said while nothing is picked; at least one has to be. */
  readonly none: string;
}

/**
 * Lets the person pick several and keeps the order in which they were picked: VS Code itself tells them in the order
 * of the list.
 * @returns the labels
 */
export function orderedPickStep(step: OrderedPickStep): Promise<Answer<readonly string[]>> {
  const pick = vscode.window.createQuickPick();
  let order = [...(step.picked ?? [])];
  const listed = [...step.choices].sort((one, other) => rank(order, one) - rank(order, other));
  pick.canSelectMany = true;
  pick.matchOnDescription = true;
  pick.placeholder = step.placeholder;
  pick.items = listed;
  pick.selectedItems = pick.items.filter(({ label }) => order.includes(label));
  const tell = (): void => {
    pick.prompt = order.length === 0 ? step.none : `In this order: ${order.join(", ")}`;
  };
  tell();
  pick.onDidChangeSelection((selected) => {
    order = inPickedOrder(
      order,
      selected.map(({ label }) => label),
    );
    tell();
  });
  return answerOf<readonly string[]>(pick, step, (resolve) => {
    if (order.length > 0) resolve({ kind: "answer", value: order });
  });
}

/** The order after a change of what is selected: who stays keeps the place, who comes goes to the end. */
export function inPickedOrder(order: readonly string[], selected: readonly string[]): string[] {
  const stay = order.filter((label) => selected.includes(label));
  return [...stay, ...selected.filter((label) => !stay.includes(label))];
}

/** What is picked beforehand stands on top, in its order. */
function rank(order: readonly string[], { label }: OrderedChoice): number {
  const at = order.indexOf(label);
  return at < 0 ? order.length : at;
}
