import * as vscode from "vscode";
import { ROUTES_VIEW } from "../common/commandIds";
import { type RouteRow, routeRowOf } from "../common/target";
import type { TreeNode } from "../render/treeNode";

/** Where a route or a target was dropped: on a row, whose place it takes, or below them all. */
export type OnMoveRoute = (row: RouteRow, place: RouteRow | "end") => void;

/** VS Code's own name for rows of this view on their way. */
const ROWS = `application/vnd.code.tree.${ROUTES_VIEW.toLowerCase()}`;

/** Lets a person drag routes to another place in the list, and targets to another place in their route. */
export function dragRoutes(onMove: OnMoveRoute): vscode.TreeDragAndDropController<TreeNode> {
  return {
    dragMimeTypes: [],
    dropMimeTypes: [ROWS],
    handleDrag(rows, transfer) {
      const dragged = rows.flatMap(({ target }) => routeRowOf(target) ?? []);
      // One at a time: several would need a place each.
      if (dragged.length === 1) transfer.set(ROWS, new vscode.DataTransferItem(dragged[0]));
    },
    handleDrop(row, transfer) {
      // What comes from a row that was dragged here; anybody can drop something else.
      const dragged = routeRowOf(transfer.get(ROWS)?.value);
      if (!dragged) return;
      const place = row === undefined ? "end" : routeRowOf(row.target);
      if (place) onMove(dragged, place);
    },
  };
}
