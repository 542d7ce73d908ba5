import { routeLabel } from "../../core/routing/routeTable";
import type { Target } from "../common/target";
import { renderRoutes } from "../render/routesTree";
import type { TreeNode } from "../render/treeNode";
import type { RouteEntryRow, TargetRow } from "../routes/routeEditor";
import type { PosternState } from "../state";
import { notify } from "../ui/notify";
import { pickStep } from "../ui/steps";

/** The route a command is called on, or else the one that the person picks. */
export async function pickRoute(
  target: Target | undefined,
  state: PosternState,
  title: string,
): Promise<RouteEntryRow | undefined> {
  if (target?.kind === "route") return target;
  if (target?.kind === "routeTarget") return { kind: "route", ...target.route };
  const choices = renderRoutes(state).flatMap((row) => choiceOf(row, "route"));
  if (choices.length === 0) {
    notify("info", "There are no routes yet.");
    return undefined;
  }
  const answer = await pickStep({ title, placeholder: "Which route?", choices });
  return answer.kind === "answer" && answer.value.kind === "route" ? answer.value : undefined;
}

/** The target a command is called on, or else the one that the person picks, of a route that they pick first. */
export async function pickTarget(
  target: Target | undefined,
  state: PosternState,
  title: string,
): Promise<TargetRow | undefined> {
  if (target?.kind === "routeTarget") return target;
  const route = await pickRoute(target, state, title);
  if (!route) return undefined;
  const row = renderRoutes(state).find(
    (shown) => shown.target?.kind === "route" && shown.target.name === route.name,
  );
  const choices = (row?.children ?? []).flatMap((child) => choiceOf(child, "routeTarget"));
  if (choices.length === 0) {
    notify("info", `The targets of ${route.name} are faulty; mend them in the settings.`);
    return undefined;
  }
  const answer = await pickStep({ title, placeholder: `Which target of ${route.name}?`, choices });
  return answer.kind === "answer" && answer.value.kind === "routeTarget" ? answer.value : undefined;
}

function choiceOf({ label, description, target }: TreeNode, kind: "route" | "routeTarget") {
  if (target?.kind !== kind) return [];
  return [{ label, ...(description === undefined ? {} : { description }), value: target }];
}

/** The configuration of a route, where it is not faulty. */
export function routeOf({ local }: PosternState, name: string) {
  const found = local.routes.find((checked) => checked.ok && routeLabel(checked.route) === name);
  return found?.ok ? found.route : undefined;
}
