import { asObject, asString } from "../json/access";
import { type ConfigProblem, problemsOf } from "./problems";
import { type BudgetConfig, budgetSchema } from "./schema";

/** A budget of the settings: usable, or with the reasons why it is not. */
export type CheckedBudget =
  | { readonly ok: true; readonly budget: BudgetConfig }
  | { readonly ok: false; readonly name: string; readonly problems: readonly ConfigProblem[] };

/** Validates each entry of the setting `postern.budgets` by itself. Of two with one name the second is a fault. */
export function checkBudgets(value: unknown): CheckedBudget[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    return [
      { ok: false, name: "postern.budgets", problems: [{ path: "budgets", message: "must be a list" }] },
    ];
  }
  const names = new Set<string>();
  return value.map((entry: unknown, index): CheckedBudget => {
    const parsed = budgetSchema.safeParse(entry, { reportInput: true });
    if (!parsed.success) {
      const name = asString(asObject(entry).name) ?? `#${index + 1}`;
      return { ok: false, name, problems: problemsOf(parsed.error, ["budgets", index]) };
    }
    const { name } = parsed.data;
    if (names.has(name)) return { ok: false, name, problems: [taken("budgets", index, name)] };
    names.add(name);
    return { ok: true, budget: parsed.data };
  });
}

/** Names of gateway keys and budgets that stand twice in the file: whose limit it is could not be told. */
export function repeatedNames(
  list: readonly { readonly name: string }[],
  path: "budgets" | "gateway.keys",
): ConfigProblem[] {
  const names = list.map(({ name }) => name);
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [taken(path, index, name)] : []));
}

function taken(path: string, index: number, name: string): ConfigProblem {
  return { path: `${path}[${index}].name`, message: `"${name}" is taken` };
}
