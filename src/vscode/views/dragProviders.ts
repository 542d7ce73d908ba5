import * as vscode from "vscode";
import { PROVIDERS_VIEW } from "../common/commandIds";
import type { Target } from "../common/target";
import type { TreeNode } from "../render/treeNode";

type ProviderTarget = Extract<Target, { kind: "provider" }>;

/** Where a provider was dropped: on another one, whose place it takes, or below them all. */
export type OnMove = (provider: ProviderTarget, place: ProviderTarget | "end") => void;

/** VS Code's own name for rows of this view on their way. */
const ROWS = `application/vnd.code.tree.${PROVIDERS_VIEW.toLowerCase()}`;

/** Lets a person drag a provider to another place in the list. */
export function dragProviders(onMove: OnMove): vscode.TreeDragAndDropController<TreeNode> {
  return {
    dragMimeTypes: [],
    dropMimeTypes: [ROWS],
    handleDrag(rows, transfer) {
      const providers = rows.flatMap(({ target }) => (target?.kind === "provider" ? [target] : []));
      // One at a time: several would need a place each.
      if (providers.length === 1) transfer.set(ROWS, new vscode.DataTransferItem(providers[0]));
    },
    handleDrop(row, transfer) {
      const dragged: unknown = transfer.get(ROWS)?.value;
      if (!isProvider(dragged)) return;
      const place = row?.target?.kind === "model" ? row.target.provider : row?.target;
      if (row === undefined) onMove(dragged, "end");
      else if (place && "id" in place)
        onMove(dragged, { kind: "provider", id: place.id, index: place.index });
    },
  };
}

/** What comes from a row that was dragged here; anybody can drop something else. */
function isProvider(value: unknown): value is ProviderTarget {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "provider";
}
