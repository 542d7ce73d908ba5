import type { CheckedBudget } from "../../core/config/budgets";
import { type Limit, limitsOf } from "../../core/governance/limits";
import { allowanceText, scopeText, spentText } from "../../core/governance/limitText";
import type { LimitStatus } from "../../core/rpc/limitsStatus";
import type { PosternState } from "../state";
import { limitLine } from "./limitLines";
import { escapeMarkdown } from "./markdown";
import { percentText } from "./textBar";
import { infoNode, type TreeIcon, type TreeNode } from "./treeNode";

/** The group of budgets. */
export function budgetsNode({ local, engine }: PosternState): TreeNode {
  const status = engine.kind === "ready" ? engine.status.limits : undefined;
  const nodes = local.budgets.flatMap((checked, index) =>
    checked.ok
      ? limitsOf([checked.budget], []).map((limit) => {
          const standing = status?.limits.find(({ id }) => id === limit.id);
          return standing ? standingNode(standing, status?.at ?? 0) : plainNode(limit);
        })
      : [faultyNode(checked, index)],
  );
  const none = infoNode("gateway/budgets/none", "none: nothing stops what is spent");
  return {
    id: "gateway/budgets",
    label: "Budgets",
    icon: { id: "graph" },
    tooltip: "What may be spent, by money, tokens or requests, and when it begins anew.",
    contextValue: "budgets",
    accessibilityLabel: `Budgets, ${local.budgets.length}`,
    children: nodes.length > 0 ? nodes : [none],
    expanded: nodes.length > 0,
  };
}

function standingNode(limit: LimitStatus, at: number): TreeNode {
  const { spent, amount } = limit;
  const share = amount === 0 ? 1 : spent / amount;
  const description = `${percentText(share)} · ${spentText(limit, spent)}${forWhom(limit)}`;
  return {
    ...common(limit),
    description,
    icon: iconOf(share, limit),
    tooltip: limitLine(limit, at),
    accessibilityLabel: `Budget ${limit.name}, ${description}`,
  };
}

/** While no engine runs, nothing is known of what was spent. */
function plainNode(limit: Limit): TreeNode {
  const description = `${allowanceText(limit)}${forWhom(limit)}`;
  return {
    ...common(limit),
    description,
    icon: { id: "dash" },
    tooltip: escapeMarkdown(description),
    accessibilityLabel: `Budget ${limit.name}, ${description}`,
  };
}

function common({ id, name }: Limit): Pick<TreeNode, "id" | "label" | "contextValue" | "target"> {
  return {
    id: `gateway/budget/${id}`,
    label: name,
    contextValue: "budget",
    target: { kind: "limit", name: id },
  };
}

function forWhom({ scope, hard }: Limit): string {
  return `${scope.kind === "all" ? "" : ` · ${scopeText(scope)}`}${hard ? "" : " · warns only"}`;
}

function iconOf(share: number, { warnAt, hard }: Limit): TreeIcon {
  if (share >= 1 && hard) return { id: "error", color: "list.errorForeground" };
  return share >= warnAt ? { id: "warning", color: "list.warningForeground" } : { id: "pass" };
}

function faultyNode({ name, problems }: Extract<CheckedBudget, { ok: false }>, index: number): TreeNode {
  const text = problems.map(({ path, message }) => `${path} ${message}`).join("; ");
  return {
    id: `gateway/budget/faulty/${index}`,
    label: name,
    description: text,
    icon: { id: "warning", color: "list.warningForeground" },
    tooltip: `Not used: ${escapeMarkdown(text)}`,
    contextValue: "faultyBudget",
    accessibilityLabel: `Budget ${name}, not used: ${text}`,
  };
}
