import type { CommandId } from "../common/commandIds";
import type { Target } from "../common/target";

/** A row of a tree view, without vscode: what is shown and what it stands for. */
export interface TreeNode {
  /** Stable across renderings, so that expansion and selection survive a refresh. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly icon?: TreeIcon;
  /** Markdown. */
  readonly tooltip?: string;
  /** Words that the menus' `when` clauses look for. */
  readonly contextValue: string;
  /** What a screen reader says. */
  readonly accessibilityLabel: string;
  readonly children?: readonly TreeNode[];
  readonly expanded?: boolean;
  readonly target?: Target;
  /** The command that a click runs on the target. */
  readonly open?: { readonly command: CommandId; readonly title: string };
}

export interface TreeIcon {
  /** A codicon. */
  readonly id: string;
  /** A theme colour. */
  readonly color?: string;
}

/** A row that only says something. */
export function infoNode(id: string, label: string, icon: TreeIcon = { id: "info" }): TreeNode {
  return { id, label, icon, contextValue: "info", accessibilityLabel: label };
}
