import type { EngineProvider } from "../../core/config/engineConfig";
import type { Environment } from "../../core/config/reference";
import {
  type DraftApi,
  draftEntry,
  draftProvider,
  keyNeed,
  newDraft,
  type ProviderDraft,
} from "../../core/providers/draft";
import type { RuntimeId } from "../../core/providers/runtimes";
import type { TestResult } from "../../core/rpc/contract";
import { messageOf } from "../common/log";
import type { ProviderRegistry } from "../providers/registry";
import { plainCommand } from "../render/localServers";
import type { LocalServer } from "../runtimes/localRuntimes";
import { withCancel } from "../ui/progress";
import { type Answer, pickStep } from "../ui/steps";
import {
  askAddress,
  askDeployments,
  askDraftKey,
  askName,
  askValue,
  type Position,
  TITLE,
} from "./addProviderInputs";
import {
  COPILOT_KIND,
  isStartable,
  type KindKey,
  kindRows,
  type OutcomeChoice,
  outcomeOf,
  type PresentProvider,
  presetOf,
  type StepName,
  stepsOf,
} from "./addProviderPlan";

type RunningServer = Extract<LocalServer, { state: "running" }>;

/** What the guided setup needs. */
export interface AddProviderNeeds {
  readonly registry: Pick<ProviderRegistry, "add">;
  readonly environment: Environment;
  /** The providers that are there. */
  present(): readonly PresentProvider[];
  test(provider: EngineProvider, signal: AbortSignal): Promise<TestResult>;
  /** Tells of each local server as it is found. */
  discover(report: (server: LocalServer) => void, signal: AbortSignal): Promise<void>;
  /** Starts a runtime where the person can see it; undefined if it does not come. */
  start(runtime: RuntimeId, signal: AbortSignal): Promise<RunningServer | undefined>;
  /** Adds a Copilot subscription. @returns its id, or undefined if it was left */
  addCopilot(): Promise<string | undefined>;
}

/** How a step ended; some know better than "one on" where to go, and what has been learnt. */
type StepAnswer =
  | Answer<ProviderDraft>
  | { readonly kind: "goTo"; readonly step: StepName; readonly draft: ProviderDraft }
  | { readonly kind: "copilot" };

/** What runs already is found in this time, so that the list does not change under the person's hands. */
const FIRST_LOOK_MS = 300;

/**
 * The guided setup: kind, address, name, key, test, done. Everything is kept in a draft until the end, so that leaving
 * it at any step leaves nothing behind.
 * @returns the new provider's id, or undefined if it was left
 */
export async function addProviderFlow(needs: AddProviderNeeds): Promise<string | undefined> {
  let draft: ProviderDraft | undefined;
  let step: StepName = "kind";
  for (;;) {
    const steps = stepsOf(draft);
    const at = steps.indexOf(step);
    const position: Position = { step: at + 1, totalSteps: steps.length, canGoBack: at > 0 };
    const answer = await ask(step, draft, position, needs);
    if (answer.kind === "cancel") return undefined;
    if (answer.kind === "copilot") return needs.addCopilot();
    if (answer.kind === "back") {
      step = steps[at - 1] ?? "kind";
      continue;
    }
    if (answer.kind === "goTo") {
      ({ draft, step } = answer);
      continue;
    }
    draft = answer.value;
    const following = stepsOf(draft);
    const next: StepName | undefined = following[following.indexOf(step) + 1];
    if (next === undefined) return needs.registry.add(draftEntry(draft), keyOf(draft));
    step = next;
  }
}

/** Without the key of an address that was changed to one that takes none. */
function keyOf(draft: ProviderDraft): string | undefined {
  return keyNeed(draft) === "none" ? undefined : draft.key;
}

async function ask(
  step: StepName,
  draft: ProviderDraft | undefined,
  position: Position,
  needs: AddProviderNeeds,
): Promise<StepAnswer> {
  if (step === "kind" || draft === undefined) return askKind(draft, position, needs);
  switch (step) {
    case "start":
      return askStart(draft, position, needs);
    case "api":
      return askApi(draft, position);
    case "address":
      return askAddress(draft, position);
    case "name":
      return askName(
        draft,
        position,
        needs.present().map(({ id }) => id),
      );
    case "deployments":
      return askDeployments(draft, position);
    case "key":
      return askDraftKey(draft, position, needs.environment);
    case "test":
      return testAndConfirm(draft, position, needs);
    default: {
      const placeholder = draft.preset.placeholders?.find(({ name }) => step === `value/${name}`);
      if (!placeholder) return { kind: "back" };
      const answer = await askValue(draft, placeholder, position, needs.environment);
      // A whole address was given instead: there is nothing more to fill in.
      if (answer.kind === "answer" && answer.value.values?.[placeholder.name] === undefined)
        return { kind: "goTo", step: "address", draft: answer.value };
      return answer;
    }
  }
}

async function askKind(
  draft: ProviderDraft | undefined,
  position: Position,
  needs: AddProviderNeeds,
): Promise<StepAnswer> {
  const found: LocalServer[] = [];
  let changed = (): void => {};
  const ended = new AbortController();
  const discovery = needs
    .discover((server) => {
      found.push(server);
      changed();
    }, ended.signal)
    // What cannot be looked for is not offered; the presets are there in any case.
    .catch(() => {});
  await Promise.race([discovery, new Promise((resolve) => setTimeout(resolve, FIRST_LOOK_MS))]);
  const answer = await pickStep<KindKey>({
    ...position,
    title: TITLE,
    placeholder: "What kind of provider?",
    choices: kindRows(found, needs.present()),
    later: (show) => {
      changed = () => show(kindRows(found, needs.present()));
      return discovery;
    },
    ...(draft ? { active: keyOfKind(draft) } : {}),
  });
  ended.abort();
  if (answer.kind !== "answer") return answer;
  if (answer.value === COPILOT_KIND) return { kind: "copilot" };
  // Coming back to the same kind keeps what was entered; another kind begins anew.
  if (draft && keyOfKind(draft) === answer.value) return { kind: "answer", value: draft };
  const [source, id = ""] = answer.value.split("/");
  const fresh = newDraft(presetOf(id));
  const server = source === "found" ? found.find(({ presetId }) => presetId === id) : undefined;
  if (server === undefined) return { kind: "answer", value: fresh };
  return {
    kind: "answer",
    value:
      server.state === "running"
        ? at(fresh, server)
        : { ...fresh, found: "stopped", startWith: plainCommand(server) },
  };
}

function keyOfKind({ preset, found }: ProviderDraft): KindKey {
  return found === undefined ? `preset/${preset.id}` : `found/${preset.id}`;
}

/** The draft at the address where the server was found. */
function at(draft: ProviderDraft, { baseUrl }: RunningServer): ProviderDraft {
  return { ...draft, baseUrl, found: "running" };
}

function withoutServer({ found: _, ...draft }: ProviderDraft): ProviderDraft {
  return draft;
}

async function askStart(
  draft: ProviderDraft,
  position: Position,
  needs: AddProviderNeeds,
): Promise<StepAnswer> {
  const { runtime } = draft.preset;
  if (runtime === undefined) return { kind: "goTo", step: "address", draft: withoutServer(draft) };
  const answer = await pickStep<"start" | "address">({
    ...position,
    title: `${TITLE}: ${draft.preset.label}`,
    placeholder: "What next?",
    prompt: `${draft.preset.label} is on this machine but does not run.`,
    choices: [
      { label: "$(terminal) Start it in a terminal", detail: draft.startWith ?? "", value: "start" },
      {
        label: "$(link) Enter its address",
        detail: "It runs elsewhere, or at another port",
        value: "address",
      },
    ],
  });
  if (answer.kind !== "answer") return answer;
  if (answer.value === "address") return { kind: "goTo", step: "address", draft: withoutServer(draft) };
  const server = await startServer(draft, runtime, needs);
  if (server === undefined) return { kind: "goTo", step: "start", draft };
  return { kind: "goTo", step: "name", draft: at(draft, server) };
}

function startServer(
  { preset }: ProviderDraft,
  runtime: RuntimeId,
  needs: AddProviderNeeds,
): Promise<RunningServer | undefined> {
  return withCancel(`Waiting for ${preset.label} to answer…`, (signal) => needs.start(runtime, signal));
}

async function askApi(draft: ProviderDraft, position: Position): Promise<Answer<ProviderDraft>> {
  const answer = await pickStep<DraftApi>({
    ...position,
    title: `${TITLE}: ${draft.preset.label}`,
    placeholder: "Which API does it speak?",
    choices: [
      { label: "Chat Completions", description: "/chat/completions; the usual one", value: "completions" },
      { label: "Responses", description: "/responses, OpenAI's newer one", value: "responses" },
      { label: "Messages", description: "/v1/messages, Anthropic's", value: "messages" },
    ],
    active: draft.api ?? "completions",
  });
  return answer.kind === "answer" ? { kind: "answer", value: { ...draft, api: answer.value } } : answer;
}

/** A real request to the provider, then the choice what to do with its outcome. */
async function testAndConfirm(
  draft: ProviderDraft,
  position: Position,
  needs: AddProviderNeeds,
): Promise<StepAnswer> {
  const result = await testDraft(draft, needs);
  if (result === undefined) return { kind: "back" };
  const outcome = outcomeOf(result, draftEntry(draft).id, isStartable(draft));
  const answer = await pickStep<OutcomeChoice>({
    ...position,
    title: `${TITLE}: ${outcome.title}`,
    placeholder: "What next?",
    prompt: outcome.text,
    choices: outcome.choices,
  });
  if (answer.kind === "cancel") return answer;
  const chosen = answer.kind === "back" ? "back" : answer.value;
  if (chosen === "save") return { kind: "answer", value: draft };
  if (chosen === "again") return { kind: "goTo", step: "test", draft };
  const { runtime } = draft.preset;
  if (chosen === "start" && runtime !== undefined) {
    const server = await startServer(draft, runtime, needs);
    return { kind: "goTo", step: "test", draft: server ? at(draft, server) : draft };
  }
  if (outcome.backTo === undefined) return { kind: "back" };
  // The address of a server that was found has no step of its own, until it turns out to be wrong.
  if (outcome.backTo === "address") return { kind: "goTo", step: "address", draft: withoutServer(draft) };
  // A kind that usually takes no key has no step for it, until a provider wants one.
  const newStep = outcome.backTo === "key" && keyNeed(draft) === "none";
  return { kind: "goTo", step: outcome.backTo, draft: newStep ? { ...draft, keyWanted: true } : draft };
}

/** @returns undefined if the person has cancelled it */
async function testDraft(draft: ProviderDraft, needs: AddProviderNeeds): Promise<TestResult | undefined> {
  return withCancel(`Testing ${draft.preset.label}…`, async (signal) => {
    const { key: _, ...rest } = draft;
    const key = keyOf(draft);
    try {
      const provider = draftProvider(key === undefined ? rest : { ...rest, key }, needs.environment);
      const result = await needs.test(provider, signal);
      return signal.aborted ? undefined : result;
    } catch (error) {
      if (signal.aborted) return undefined;
      return { ok: false, verdict: messageOf(error), latencyMs: 0, models: [] };
    }
  });
}
