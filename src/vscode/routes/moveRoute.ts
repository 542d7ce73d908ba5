import type { RouteRow } from "../common/target";
import type { RouteEditor } from "./routeEditor";

/**
 * Moves what was dragged: a route to the place of the route that it was dropped on, a target to that of another one of
 * its route, or to the end. A target has no place in another route.
 */
export async function moveRoute(
  editor: Pick<RouteEditor, "move" | "moveTarget">,
  row: RouteRow,
  place: RouteRow | "end",
): Promise<void> {
  if (row.kind === "route") {
    if (place === "end") return editor.move(row, "end");
    return editor.move(row, place.kind === "route" ? place : place.route);
  }
  if (place === "end") return editor.moveTarget(row, Number.POSITIVE_INFINITY);
  if (place.kind === "route") {
    if (place.name === row.route.name) await editor.moveTarget(row, Number.POSITIVE_INFINITY);
    return;
  }
  if (place.route.name === row.route.name) await editor.moveTarget(row, place.at);
}
