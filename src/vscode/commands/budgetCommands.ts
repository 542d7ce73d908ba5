import * as vscode from "vscode";
import type { BudgetConfig } from "../../core/config/schema";
import { type Limit, limitsOf, type Measure } from "../../core/governance/limits";
import { allowanceText, amountText, limitTitle } from "../../core/governance/limitText";
import type { Target } from "../common/target";
import { BUDGET_FIELDS, parseAmount } from "../limits/keyFields";
import { indicatorsOf } from "../render/indicator";
import type { GatewayKeys } from "../secrets/gatewayKeys";
import { entryNamed, patchNamed, type RawEntries, removeNamed } from "../settings/namedEdits";
import type { StateStore } from "../state";
import { confirm, notify } from "../ui/notify";
import { inputStep, pickStep } from "../ui/steps";
import { pickScope } from "./budgetScope";
import { pickPeriod } from "./keyLimitsFlow";
import type { CommandHandlers } from "./register";

type BudgetCommands = Pick<
  CommandHandlers,
  "postern.addBudget" | "postern.raiseBudget" | "postern.deleteBudget" | "postern.chooseStatusBarLimit"
>;

/** What the commands on budgets work on. */
export interface BudgetParts {
  readonly store: StateStore;
  readonly settings: {
    budgets(): RawEntries;
    writeBudgets(list: RawEntries): Thenable<void>;
    gatewayKeys(): RawEntries;
    writeStatusBar(limit: string, form: "percent" | "amount"): Promise<void>;
  };
  readonly keys: Pick<GatewayKeys, "patch">;
  changed(): Promise<void>;
}

/** The commands on budgets. */
export function budgetCommands(parts: BudgetParts): BudgetCommands {
  const { store, settings, changed } = parts;
  return {
    "postern.addBudget": () => addBudget(parts),
    "postern.raiseBudget": async (target) => {
      const limit = await pickLimit("Raise Budget", target, store);
      if (limit) await raise(parts, limit);
    },
    "postern.deleteBudget": async (target) => {
      const own = (limit: Limit): boolean => limit.of === "budget";
      const limit = await pickLimit("Delete Budget", target, store, own);
      if (!limit) return;
      const { name } = limit;
      if (!(await confirm(`Delete the budget "${name}"?`, "It no longer stops anything.", "Delete"))) return;
      const before = settings.budgets();
      await settings.writeBudgets(removeNamed(before, name));
      await changed();
      const undo = async (): Promise<void> => {
        const now = settings.budgets();
        const entry = entryNamed(before, name);
        if (!entryNamed(now, name) && entry) await settings.writeBudgets([...now, entry]);
        await changed();
      };
      notify("info", `Deleted the budget "${name}".`, { Undo: undo });
    },
    "postern.chooseStatusBarLimit": () => chooseStatusBarLimit(parts),
  };
}

async function chooseStatusBarLimit({ store, settings }: BudgetParts): Promise<void> {
  const title = "Choose Status Bar Limit";
  const { local, engine } = store.value;
  const status = engine.kind === "ready" ? engine.status.limits : undefined;
  const limit = await pickStep({
    title,
    placeholder: "Which limit is the status bar to show?",
    active: local.statusBarLimit,
    choices: [
      { label: "The tightest", description: "of all budgets and quotas", value: "tightest" },
      { label: "None", description: "today's requests and tokens", value: "none" },
      ...(status ? indicatorsOf(status) : []).map((indicator) => ({
        label: indicator.title,
        description: indicator.amount,
        value: indicator.id,
      })),
    ],
  });
  if (limit.kind !== "answer") return;
  if (limit.value === "none") return settings.writeStatusBar("none", local.statusBarForm);
  const form = await pickStep<"percent" | "amount">({
    title,
    placeholder: "How is what is left to be shown?",
    active: local.statusBarForm,
    choices: [
      { label: "Amount", description: "$4.61 left", value: "amount" },
      { label: "Percent", description: "46 % left", value: "percent" },
    ],
  });
  if (form.kind === "answer") await settings.writeStatusBar(limit.value, form.value);
}

async function addBudget({ store, settings, changed }: BudgetParts): Promise<void> {
  const title = "Add Budget";
  const scope = await pickScope(title, store.value);
  if (!scope) return;
  const measure = await pickStep<Exclude<Measure, "premiumMilli">>({
    title,
    placeholder: "What is limited?",
    choices: [
      { label: "US dollars", value: "microUsd" },
      { label: "Tokens", value: "tokens" },
      { label: "Requests", value: "requests" },
    ],
  });
  if (measure.kind !== "answer") return;
  const amount = await inputStep({
    title,
    prompt: measure.value === "microUsd" ? "How many US dollars?" : `How many ${measure.value}?`,
    placeholder: measure.value === "microUsd" ? "20" : "1,000,000",
    validate: (text) => (parseAmount(measure.value, text) === undefined ? "It must be a number." : undefined),
  });
  if (amount.kind !== "answer") return;
  const period = await pickPeriod(title);
  if (period.kind !== "answer") return;
  const hard = await pickStep({
    title,
    placeholder: "What happens when it is used up?",
    choices: [
      {
        label: "Refuse",
        detail: "Requests that would go beyond it are refused until it begins anew.",
        value: true,
      },
      { label: "Warn", detail: "Requests go through; the status bar and a notification warn.", value: false },
    ],
  });
  if (hard.kind !== "answer") return;
  const list = settings.budgets();
  const name = await inputStep({
    title,
    prompt: "A name for it, which messages give",
    value: suggestedName(scope, period.value),
    validate: (text) =>
      text.trim() === ""
        ? "Give it a name."
        : entryNamed(list, text.trim())
          ? "There is one of that name."
          : undefined,
  });
  if (name.kind !== "answer") return;
  const entry = {
    name: name.value.trim(),
    scope,
    [BUDGET_FIELDS[measure.value]]: parseAmount(measure.value, amount.value),
    period: period.value,
    hard: hard.value,
  };
  await settings.writeBudgets([...list, entry]);
  await changed();
  const undo = async (): Promise<void> => {
    await settings.writeBudgets(removeNamed(settings.budgets(), entry.name));
    await changed();
  };
  notify("info", `Added the budget "${entry.name}". What was spent before counts, too.`, { Undo: undo });
}

function suggestedName(scope: BudgetConfig["scope"], period: string): string {
  if (scope === "all") return period;
  const [value = ""] = Object.values(scope).filter((part) => part !== undefined);
  return `${value.split(/[\\/]/).at(-1)} ${period}`;
}

const STEPS = [0.1, 0.25, 0.5, 1] as const;

async function raise({ settings, keys, changed }: BudgetParts, limit: Limit): Promise<void> {
  const title = `Raise ${limitTitle(limit).replace(/^The/, "the")}`;
  const answer = await pickStep<number | "other">({
    title,
    placeholder: `${allowanceText(limit)}: raise it by how much?`,
    choices: [
      ...STEPS.map((part) => {
        const amount = roundedUp(limit, limit.amount * (1 + part));
        return {
          label: `By ${part * 100} %`,
          description: `to ${allowanceText({ ...limit, amount })}`,
          value: amount,
        };
      }),
      { label: "To another amount", value: "other" as const },
    ],
  });
  if (answer.kind !== "answer") return;
  const amount = answer.value === "other" ? await askAmount(title, limit) : answer.value;
  if (amount === undefined) return;
  const field = BUDGET_FIELDS[limit.measure];
  const value = amount / FACTORS[limit.measure];
  const write = async (to: number): Promise<void> => {
    if (limit.of === "budget") {
      await settings.writeBudgets(patchNamed(settings.budgets(), limit.name, { [field]: to }));
    } else {
      const budget = entryNamed(settings.gatewayKeys(), limit.name)?.budget;
      await keys.patch(limit.name, { budget: { ...(budget as object), [field]: to } });
    }
    await changed();
  };
  await write(value);
  notify("info", `${limitTitle(limit)} now allows ${allowanceText({ ...limit, amount })}.`, {
    Undo: () => write(limit.amount / FACTORS[limit.measure]),
  });
}

const FACTORS: Readonly<Record<Measure, number>> = {
  microUsd: 1_000_000,
  tokens: 1,
  requests: 1,
  premiumMilli: 1000,
};

/** Whole cents and whole counts. */
function roundedUp({ measure }: Limit, amount: number): number {
  const unit = measure === "microUsd" ? 10_000 : FACTORS[measure];
  return Math.ceil(Math.round(amount) / unit) * unit;
}

async function askAmount(title: string, limit: Limit): Promise<number | undefined> {
  const answer = await inputStep({
    title,
    prompt: `Now ${amountText(limit.measure, limit.amount)}; the new amount`,
    value: String(limit.amount / FACTORS[limit.measure]),
    validate: (text) => (parseAmount(limit.measure, text) === undefined ? "It must be a number." : undefined),
  });
  if (answer.kind !== "answer") return undefined;
  const amount = parseAmount(limit.measure, answer.value);
  return amount === undefined ? undefined : Math.round(amount * FACTORS[limit.measure]);
}

/** Every limit of the settings. */
function limitsIn({ value: { local } }: StateStore): Limit[] {
  const budgets = local.budgets.flatMap((checked) => (checked.ok ? [checked.budget] : []));
  const keys = local.gatewayKeys.flatMap(({ name, limits, fault }) =>
    limits && fault === undefined ? [{ name, ...limits }] : [],
  );
  return limitsOf(budgets, keys);
}

async function pickLimit(
  title: string,
  target: Target | undefined,
  store: StateStore,
  fits: (limit: Limit) => boolean = () => true,
): Promise<Limit | undefined> {
  const limits = limitsIn(store).filter(fits);
  if (target?.kind === "limit") {
    const found = limits.find(({ id }) => id === target.name);
    if (found) return found;
    throw new Error("That budget is not in the settings any more.");
  }
  if (limits.length === 0) {
    notify("info", "There is no budget yet.", {
      "Add Budget": () => vscode.commands.executeCommand("postern.addBudget"),
    });
    return undefined;
  }
  const answer = await pickStep({
    title,
    placeholder: "Which budget?",
    choices: limits.map((limit) => ({
      label: limitTitle(limit),
      description: allowanceText(limit),
      value: limit,
    })),
  });
  return answer.kind === "answer" ? answer.value : undefined;
}
