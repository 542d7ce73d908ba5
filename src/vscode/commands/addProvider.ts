import type { EngineProvider } from "../../core/config/engineConfig";
import type { Environment } from "../../core/config/reference";
import {
  addressFault,
  addressWarning,
  draftEntry,
  draftProvider,
  idFault,
  keyNeed,
  type ProviderDraft,
  splitNames,
  suggestedId,
} from "../../core/providers/draft";
import { PROVIDER_KINDS } from "../../core/providers/kinds";
import type { TestResult } from "../../core/rpc/contract";
import { messageOf } from "../common/log";
import type { ProviderRegistry } from "../providers/registry";
import { freeId } from "../settings/providerEdits";
import { withCancel } from "../ui/progress";
import { type Answer, inputStep, pickStep } from "../ui/steps";
import { type OutcomeChoice, outcomeOf, type StepName, stepsOf } from "./addProviderPlan";
import { askKey } from "./keyInput";

const TITLE = "Add Provider";

/** What the guided setup needs. */
export interface AddProviderNeeds {
  readonly registry: Pick<ProviderRegistry, "add">;
  readonly environment: Environment;
  /** The ids of the providers that are there. */
  taken(): readonly string[];
  test(provider: EngineProvider, signal: AbortSignal): Promise<TestResult>;
}

interface Position {
  readonly step: number;
  readonly totalSteps: number;
  readonly canGoBack: boolean;
}

/** How a step ended; the test's knows better than "one back" where to go, and what it has learnt. */
type StepAnswer =
  | Answer<ProviderDraft>
  | { readonly kind: "goTo"; readonly step: StepName; readonly draft: ProviderDraft };

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

function ask(
  step: StepName,
  draft: ProviderDraft | undefined,
  position: Position,
  needs: AddProviderNeeds,
): Promise<StepAnswer> {
  if (step === "kind" || draft === undefined) return askKind(draft, position);
  switch (step) {
    case "address":
      return askAddress(draft, position);
    case "name":
      return askName(draft, position, needs.taken());
    case "deployments":
      return askDeployments(draft, position);
    case "key":
      return askDraftKey(draft, position);
    case "test":
      return testAndConfirm(draft, position, needs);
  }
}

async function askKind(draft: ProviderDraft | undefined, position: Position): Promise<Answer<ProviderDraft>> {
  const answer = await pickStep({
    ...position,
    title: TITLE,
    placeholder: "What kind of provider?",
    choices: PROVIDER_KINDS.map((kind) => ({ label: kind.label, description: kind.hint, value: kind })),
    ...(draft ? { active: draft.kind } : {}),
  });
  if (answer.kind !== "answer") return answer;
  // Coming back to the same kind keeps what was entered; another kind begins anew.
  if (draft?.kind === answer.value) return { kind: "answer", value: draft };
  return { kind: "answer", value: { kind: answer.value, baseUrl: answer.value.baseUrl, deployments: [] } };
}

async function askAddress(draft: ProviderDraft, position: Position): Promise<Answer<ProviderDraft>> {
  const answer = await inputStep({
    ...position,
    title: `${TITLE}: ${draft.kind.label}`,
    prompt: "The provider's address",
    placeholder: draft.kind.addressExample,
    value: draft.baseUrl,
    validate: (text) => addressFault(draft.kind, text),
    warn: addressWarning,
  });
  return mapAnswer(answer, (text) => ({ ...draft, baseUrl: text.trim() }));
}

async function askName(
  draft: ProviderDraft,
  position: Position,
  taken: readonly string[],
): Promise<Answer<ProviderDraft>> {
  const entries = taken.map((id) => ({ id }));
  const suggested = freeId(entries, suggestedId(draft));
  const answer = await inputStep({
    ...position,
    title: `${TITLE}: ${draft.kind.label}`,
    prompt: (text) => `A short name; clients address its models as ${text.trim() || suggested}/model`,
    placeholder: suggested,
    value: draft.id ?? suggested,
    validate: (text) => idFault(text, taken),
  });
  // The suggestion is not kept, so that it follows the address if that is changed.
  return mapAnswer(answer, (text) => {
    const { id: _, ...rest } = draft;
    const id = text.trim();
    return id === suggested ? rest : { ...rest, id };
  });
}

async function askDeployments(draft: ProviderDraft, position: Position): Promise<Answer<ProviderDraft>> {
  const answer = await inputStep({
    ...position,
    title: `${TITLE}: ${draft.kind.label}`,
    prompt: "Names of your deployments, separated by commas; leave it empty to add them later",
    placeholder: "gpt-5.4, gpt-5.4-mini",
    value: draft.deployments.join(", "),
  });
  return mapAnswer(answer, (text) => ({ ...draft, deployments: splitNames(text) }));
}

async function askDraftKey(draft: ProviderDraft, position: Position): Promise<Answer<ProviderDraft>> {
  const { kind, baseUrl } = draft;
  const optional = keyNeed(draft) === "optional";
  const page = kind.keyPage;
  const answer = await askKey(
    { type: kind.type, baseUrl, name: kind.label },
    {
      ...position,
      title: `${TITLE}: ${kind.label}`,
      prompt: keyPrompt(draft),
      ...(optional ? { placeholder: "leave it empty if the provider needs none" } : {}),
      value: draft.key ?? "",
      ...(page === undefined ? {} : { helpPage: { label: `Open the key page of ${kind.label}`, url: page } }),
    },
    optional,
  );
  return mapAnswer(answer, (key) => {
    const { key: _, ...rest } = draft;
    return key === undefined ? rest : { ...rest, key };
  });
}

function keyPrompt(draft: ProviderDraft): string {
  const kept = "It is kept in the secret storage and nowhere else.";
  const { host } = new URL(draft.baseUrl);
  if (keyNeed(draft) === "optional") return `The key for ${host}, if it needs one. ${kept}`;
  const { keyPage } = draft.kind;
  if (keyPage !== undefined) return `The key ([make one here](${keyPage})). ${kept}`;
  return draft.keyWanted
    ? `The key for ${host}, which asks for one. ${kept}`
    : `The key for ${host}; a provider on another machine needs one. ${kept}`;
}

/** A real request to the provider, then the choice what to do with its outcome. */
async function testAndConfirm(
  draft: ProviderDraft,
  position: Position,
  needs: AddProviderNeeds,
): Promise<StepAnswer> {
  const result = await testDraft(draft, needs);
  if (result === undefined) return { kind: "back" };
  const outcome = outcomeOf(result, draftEntry(draft).id);
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
  if (outcome.backTo === undefined) return { kind: "back" };
  // A kind that usually takes no key has no step for it, until a provider wants one.
  const newStep = outcome.backTo === "key" && keyNeed(draft) === "none";
  return { kind: "goTo", step: outcome.backTo, draft: newStep ? { ...draft, keyWanted: true } : draft };
}

/** @returns undefined if the person has cancelled it */
async function testDraft(draft: ProviderDraft, needs: AddProviderNeeds): Promise<TestResult | undefined> {
  return withCancel(`Testing ${draft.kind.label}…`, async (signal) => {
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

function mapAnswer<T, U>(answer: Answer<T>, map: (value: T) => U): Answer<U> {
  return answer.kind === "answer" ? { kind: "answer", value: map(answer.value) } : answer;
}
