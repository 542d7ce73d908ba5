import * as vscode from "vscode";
import type { Disposable } from "../common/disposables";
import type { TreeIcon, TreeNode } from "../render/treeNode";
import { LastShown } from "./lastShown";

/** Shows rows that a pure function has rendered. */
export class RenderedTree implements vscode.TreeDataProvider<TreeNode>, Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly shown = new LastShown();
  readonly onDidChangeTreeData = this.changed.event;

  /** @param begun until then the view shows that it loads, rather than that it is empty */
  constructor(
    private readonly render: () => readonly TreeNode[],
    private readonly begun: Promise<void>,
  ) {}

  refresh(): void {
    if (this.shown.takes(this.render())) this.changed.fire(undefined);
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (node) return [...(node.children ?? [])];
    await this.begun;
    return [...this.render()];
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label, collapsible(node));
    item.id = node.id;
    item.contextValue = node.contextValue;
    item.accessibilityInformation = { label: node.accessibilityLabel };
    if (node.description !== undefined) item.description = node.description;
    if (node.icon) item.iconPath = themeIcon(node.icon);
    if (node.tooltip !== undefined) item.tooltip = new vscode.MarkdownString(node.tooltip);
    if (node.open) item.command = { ...node.open, arguments: [{ target: node.target }] };
    return item;
  }

  dispose(): void {
    this.changed.dispose();
  }
}

function collapsible({ children, expanded }: TreeNode): vscode.TreeItemCollapsibleState {
  if (!children || children.length === 0) return vscode.TreeItemCollapsibleState.None;
  return expanded ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
}

function themeIcon({ id, color }: TreeIcon): vscode.ThemeIcon {
  return color === undefined
    ? new vscode.ThemeIcon(id)
    : new vscode.ThemeIcon(id, new vscode.ThemeColor(color));
}
