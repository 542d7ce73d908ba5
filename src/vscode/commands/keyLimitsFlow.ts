import { gatewayKeySchema, type KeyBudget, periodSchema } from "../../core/config/schema";
import type { Measure } from "../../core/governance/limits";
import { amountText } from "../../core/governance/limitText";
import {
  BUDGET_FIELDS,
  fieldText,
  KEY_FIELD_TITLES,
  KEY_FIELDS,
  type KeyField,
  labelsText,
  listOf,
  parseAmount,
  parseCount,
  parseLabels,
  withAmount,
} from "../limits/keyFields";
import type { EntryPatch } from "../settings/namedEdits";
import type { GatewayKeyLimits } from "../state";
import { type Answer, inputStep, pickStep } from "../ui/steps";

/**
 * Asks what is to be changed of a gateway key's limits, one after the other, until the person is done.
 * @param entry as it stands in the settings
 * @returns what to change; undefined where nothing is
 */
export async function editKeyLimits(name: string, entry: EntryPatch): Promise<EntryPatch | undefined> {
  const title = `Limits of "${name}"`;
  let patch: EntryPatch = {};
  let last: KeyField | "done" = "models";
  for (;;) {
    const now = { ...entry, ...patch };
    const limits = limitsIn(now);
    const answer: Answer<KeyField | "done"> = await pickStep<KeyField | "done">({
      title,
      placeholder: "What is to be changed?",
      active: last,
      choices: [
        ...KEY_FIELDS.map((field) => ({
          label: KEY_FIELD_TITLES[field],
          description: fieldText(field, limits, now.expires),
          value: field,
        })),
        { label: "$(check) Done", description: "use these limits from the next request on", value: "done" },
      ],
    });
    if (answer.kind !== "answer") return undefined;
    last = answer.value;
    if (last === "done") return Object.keys(patch).length > 0 ? patch : undefined;
    const changed = await ask(title, last, limits, now.expires);
    if (changed) patch = { ...patch, ...changed };
  }
}

/** What of an entry can be read; a faulty field shows as not there and is replaced. */
function limitsIn(entry: EntryPatch): GatewayKeyLimits {
  const { shape } = gatewayKeySchema;
  const read = <T>(field: { safeParse(value: unknown): { data?: T | undefined } }, value: unknown) =>
    field.safeParse(value).data;
  return {
    models: read(shape.models, entry.models),
    budget: read(shape.budget, entry.budget),
    requestsPerMinute: read(shape.requestsPerMinute, entry.requestsPerMinute),
    tokensPerMinute: read(shape.tokensPerMinute, entry.tokensPerMinute),
    labels: read(shape.labels, entry.labels),
  };
}

/** @returns the fields to change; undefined where the person went back */
async function ask(
  title: string,
  field: KeyField,
  limits: GatewayKeyLimits,
  expires: unknown,
): Promise<EntryPatch | undefined> {
  const text = async (
    prompt: string,
    value: string,
    validate: (text: string) => string | undefined,
    placeholder = "",
  ): Promise<string | undefined> => {
    const step = { title, canGoBack: true, prompt, value, placeholder };
    const answer = await inputStep({
      ...step,
      validate: (typed) => (typed.trim() === "" ? undefined : validate(typed)),
    });
    return answer.kind === "answer" ? answer.value.trim() : undefined;
  };
  switch (field) {
    case "models": {
      const typed = await text(
        "Which models and routes may it use? With commas between them and * for any characters; empty for all",
        limits.models?.join(", ") ?? "",
        () => undefined,
        "ollama/*, fast",
      );
      if (typed === undefined) return undefined;
      return { models: typed === "" ? undefined : listOf(typed) };
    }
    case "labels": {
      const typed = await text(
        "Labels as name=value, with commas between them; budgets can be for a label",
        limits.labels ? labelsText(limits.labels) : "",
        (entered) => {
          const parsed = parseLabels(entered);
          return "fault" in parsed ? parsed.fault : undefined;
        },
        "team=web",
      );
      if (typed === undefined) return undefined;
      const parsed = parseLabels(typed);
      return { labels: "fault" in parsed ? undefined : parsed.labels };
    }
    case "expires": {
      const check = (entered: string) => {
        const parsed = gatewayKeySchema.shape.expires.safeParse(entered.trim());
        return parsed.success ? undefined : "It must be a date such as 2027-01-01.";
      };
      const now = typeof expires === "string" ? expires : "";
      const typed = await text(
        "From which day on is it not accepted? Empty for never",
        now,
        check,
        "2027-01-01",
      );
      return typed === undefined ? undefined : { expires: typed === "" ? undefined : typed };
    }
    case "budget":
      return askBudget(title, limits.budget);
    default: {
      const what = field === "requestsPerMinute" ? "requests" : "tokens";
      const typed = await text(
        `How many ${what} in any 60 seconds? Empty for no limit`,
        limits[field] === undefined ? "" : String(limits[field]),
        (entered) => ((parseCount(entered) ?? 0) > 0 ? undefined : "It must be a whole number above 0."),
      );
      return typed === undefined ? undefined : { [field]: parseCount(typed) };
    }
  }
}

const MEASURES: Readonly<Record<Measure, string>> = {
  microUsd: "US dollars",
  tokens: "Tokens",
  requests: "Requests",
  premiumMilli: "Premium requests",
};

async function askBudget(title: string, budget: KeyBudget | undefined): Promise<EntryPatch | undefined> {
  const now = (measure: Measure): string => {
    const amount = budget?.[BUDGET_FIELDS[measure]];
    const factor = { microUsd: 1_000_000, tokens: 1, requests: 1, premiumMilli: 1000 }[measure];
    return amount === undefined ? "no limit" : amountText(measure, amount * factor);
  };
  const measure = await pickStep<Measure>({
    title,
    canGoBack: true,
    placeholder: "What is limited?",
    choices: (Object.keys(MEASURES) as Measure[]).map((value) => ({
      label: MEASURES[value],
      description: now(value),
      value,
    })),
  });
  if (measure.kind !== "answer") return undefined;
  const current = budget?.[BUDGET_FIELDS[measure.value]];
  const amount = await inputStep({
    title,
    canGoBack: true,
    prompt: `How many ${MEASURES[measure.value].replace(/^(?!US)./, (first) => first.toLowerCase())}? Empty for no limit`,
    value: current === undefined ? "" : String(current),
    validate: (text) =>
      text.trim() === "" || parseAmount(measure.value, text) !== undefined
        ? undefined
        : "It must be a number.",
  });
  if (amount.kind !== "answer") return undefined;
  const wanted = amount.value.trim() === "" ? undefined : parseAmount(measure.value, amount.value);
  if (wanted === undefined) {
    return { budget: budget && withAmount(budget, measure.value, undefined, budget.period) };
  }
  const period = await pickPeriod(title, budget?.period);
  if (period.kind !== "answer") return undefined;
  return { budget: withAmount(budget, measure.value, wanted, period.value) };
}

const PERIODS: Readonly<Record<KeyBudget["period"], string>> = {
  minute: "A minute",
  hour: "An hour",
  day: "A day",
  week: "A week, from Monday",
  month: "A month",
  total: "In total, for ever",
};

/** Asks how long a budget lasts. */
export function pickPeriod(
  title: string,
  active: KeyBudget["period"] = "month",
): Promise<Answer<KeyBudget["period"]>> {
  return pickStep({
    title,
    canGoBack: true,
    placeholder: "For how long?",
    active,
    choices: periodSchema.options.map((value) => ({ label: PERIODS[value], value })),
  });
}
