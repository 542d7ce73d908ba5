import { concernOf } from "../../core/diagnosis/finding";
import { keyNeed, type ProviderDraft } from "../../core/providers/draft";
import type { PresetGroup, ProviderPreset } from "../../core/providers/preset";
import { PROVIDER_PRESETS } from "../../core/providers/presets";
import { loopbackOrigin } from "../../core/providers/runtimes";
import type { TestResult } from "../../core/rpc/contract";
import { serverText } from "../render/localServers";
import { counted } from "../render/numbers";
import { verdictSentence } from "../render/verdict";
import type { LocalServer } from "../runtimes/localRuntimes";

/** The steps of the guided setup; `value/NAME` asks for a placeholder of the address. */
export type StepName =
  | "kind"
  | "start"
  | "api"
  | `value/${string}`
  | "address"
  | "name"
  | "deployments"
  | "key"
  | "test";

/** The steps for what has been entered so far, in their order. */
export function stepsOf(draft: ProviderDraft | undefined): readonly StepName[] {
  const preset = draft?.preset;
  const values = (preset?.placeholders ?? []).map(({ name }): StepName => `value/${name}`);
  return [
    "kind",
    ...(draft?.found === "stopped" ? (["start"] as const) : []),
    ...(preset?.group === "custom" ? (["api"] as const) : []),
    ...values,
    ...(draft?.found === "running" ? [] : (["address"] as const)),
    "name",
    ...(preset && "byHand" in preset.modelsList ? (["deployments"] as const) : []),
    ...(draft === undefined || keyNeed(draft) !== "none" ? (["key"] as const) : []),
    "test",
  ];
}

/** What was chosen in the list of providers: a preset, or a server of it that was found on this machine. */
export type KindKey = `preset/${string}` | `found/${string}` | typeof COPILOT_KIND;

/** A subscription has an account instead of an address and a key, and a flow of its own. */
export const COPILOT_KIND = "subscription/copilot";

/** A row of that list, or what stands above the rows that follow. */
export type KindRow =
  | { readonly heading: string }
  | {
      readonly label: string;
      readonly description: string;
      readonly detail?: string;
      readonly value: KindKey;
    };

const GROUPS: readonly (readonly [PresetGroup, string])[] = [
  ["company", "Companies and their models"],
  ["cloud", "Clouds"],
  ["gateway", "Many companies' models with one key"],
  ["local", "Servers of your own"],
  ["custom", "Anything else"],
];

/** A provider that is there already. */
export interface PresentProvider {
  readonly id: string;
  /** Absent where its entry is faulty. */
  readonly baseUrl?: string;
}

/** The list of providers: what was found on this machine, running first, and then the presets by their groups. */
export function kindRows(
  found: readonly LocalServer[],
  present: readonly PresentProvider[] = [],
): readonly KindRow[] {
  const rank = ({ state, presetId }: LocalServer): number =>
    (state === "running" ? 0 : PROVIDER_PRESETS.length) +
    PROVIDER_PRESETS.findIndex(({ id }) => id === presetId);
  const servers = [...found].sort((one, other) => rank(one) - rank(other));
  const fresh: KindRow[] = [];
  const there: KindRow[] = [];
  for (const server of servers) {
    const preset = presetOf(server.presetId);
    const { text, detail } = serverText(server);
    const added = server.state === "running" ? addedAs(server.baseUrl, present) : undefined;
    (added === undefined ? fresh : there).push({
      label: preset.label,
      description: added === undefined ? text : `${text}; added already as ${added}`,
      ...(detail === undefined ? {} : { detail }),
      value: `found/${preset.id}`,
    });
  }
  const rows: KindRow[] = fresh.length > 0 ? [{ heading: "Found on this machine" }, ...fresh] : [];
  for (const [group, heading] of GROUPS) {
    rows.push({ heading });
    for (const { id, label, hint } of PROVIDER_PRESETS.filter((preset) => preset.group === group))
      rows.push({ label, description: hint, value: `preset/${id}` });
    if (group === "company")
      rows.push({
        label: "GitHub Copilot",
        description: "the models of a subscription of yours",
        value: COPILOT_KIND,
      });
  }
  // Not at the top, where Enter would add it a second time.
  if (there.length > 0) rows.push({ heading: "Found on this machine, added already" }, ...there);
  return rows;
}

/** The id of the provider that is a server on this machine already, under any of the machine's names. */
function addedAs(baseUrl: string, present: readonly PresentProvider[]): string | undefined {
  const { port } = new URL(baseUrl);
  return present.find(
    (provider) =>
      loopbackOrigin(provider.baseUrl) !== undefined && new URL(provider.baseUrl ?? "").port === port,
  )?.id;
}

/** A preset by its id. */
export function presetOf(id: string): ProviderPreset {
  const preset = PROVIDER_PRESETS.find((each) => each.id === id);
  if (!preset) throw new Error(`There is no preset "${id}".`);
  return preset;
}

/** What can be done about the outcome of the test. */
export type OutcomeChoice = "save" | "back" | "again" | "start";

/** How a test's outcome is told, and what is offered. */
export interface Outcome {
  readonly title: string;
  readonly text: string;
  /** The likeliest first: Enter takes it. */
  readonly choices: readonly {
    readonly label: string;
    readonly detail: string;
    readonly value: OutcomeChoice;
  }[];
  /** The step that going back leads to, where it is not the one before. */
  readonly backTo?: StepName;
}

/** Whether the server of a draft is one that can be started from here. */
export function isStartable({ preset, baseUrl }: ProviderDraft): boolean {
  return preset.runtime !== undefined && loopbackOrigin(baseUrl) !== undefined;
}

/**
 * Tells a test's outcome.
 * @param startable there is a program on this machine that can be started if it does not run
 */
export function outcomeOf(result: TestResult, id: string, startable = false): Outcome {
  const text = verdictSentence(result.verdict, id);
  const choice = (value: OutcomeChoice, label: string, detail: string) => ({ label, detail, value });
  if (result.ok) {
    const back = choice("back", "$(arrow-left) Go back", "Change what was entered");
    return {
      title: "it works",
      text,
      choices: [choice("save", "$(check) Done", doneDetail(result)), back],
    };
  }
  const save = choice("save", "$(warning) Save anyway", "Add it as it is and look into it later");
  const again = choice("again", "$(refresh) Test again", "With what was entered");
  const title = "it does not work yet";
  const concern = result.finding && concernOf(result.finding);
  switch (concern) {
    case "key":
      return {
        title,
        text,
        choices: [choice("back", "$(key) Change the key", "What was entered is kept"), again, save],
        backTo: concern,
      };
    case "address": {
      const back = choice("back", "$(link) Change the address", "What was entered is kept");
      const start = choice("start", "$(terminal) Start it in a terminal", "And wait until it answers");
      // A local server that does not answer is most likely just not running.
      const notRunning = result.finding?.code === "runtime_not_running";
      const first = notRunning ? [...(startable ? [start] : []), again, back] : [back, again];
      return { title, text, choices: [...first, save], backTo: concern };
    }
    default:
      return {
        title,
        text,
        choices: [again, choice("back", "$(arrow-left) Go back", "Change what was entered"), save],
      };
  }
}

function doneDetail({ models, latencyMs }: TestResult): string {
  const found = models.length === 0 ? "" : ` and listed ${counted(models.length, "model")}`;
  return `The provider answered in ${Math.round(latencyMs)} ms${found}`;
}
