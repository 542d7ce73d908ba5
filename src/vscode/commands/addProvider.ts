import type { EngineProvider } from "../../core/config/engineConfig";
import type { Environment } from "../../core/config/reference";
import {
  addressFault,
  draftEntry,
  draftProvider,
  type ProviderDraft,
  splitNames,
} from "../../core/providers/draft";
import { PROVIDER_KINDS, type ProviderKind } from "../../core/providers/kinds";
import type { TestResult } from "../../core/rpc/contract";
import { messageOf } from "../common/log";
import type { ProviderRegistry } from "../providers/registry";
import { withCancel } from "../ui/progress";
import { type Answer, inputStep, pickStep } from "../ui/steps";
import { askKey } from "./keyInput";

const TITLE = "Add Provider";

/** What the guided setup needs. */
export interface AddProviderNeeds {
  readonly registry: Pick<ProviderRegistry, "add">;
  readonly environment: Environment;
  test(provider: EngineProvider, signal: AbortSignal): Promise<TestResult>;
}

interface Position {
  readonly step: number;
  readonly totalSteps: number;
  readonly canGoBack: boolean;
}

type StepName = "kind" | "address" | "deployments" | "key" | "test";

/**
 * The guided setup: kind, address, key, test, done. Everything is kept in a draft until the end, so that leaving it at
 * any step leaves nothing behind.
 * @returns the new provider's id, or undefined if it was left
 */
export async function addProviderFlow(needs: AddProviderNeeds): Promise<string | undefined> {
  let draft: ProviderDraft | undefined;
  let step: StepName = "kind";
  for (;;) {
    const steps = stepsOf(draft?.kind);
    const at = steps.indexOf(step);
    const position: Position = { step: at + 1, totalSteps: steps.length, canGoBack: at > 0 };
    const answer: Answer<ProviderDraft> = await ask(step, draft, position, needs);
    if (answer.kind === "cancel") return undefined;
    if (answer.kind === "back") {
      step = steps[at - 1] ?? "kind";
      continue;
    }
    draft = answer.value;
    const next = stepsOf(draft.kind)[at + 1];
    if (next === undefined) return needs.registry.add(draftEntry(draft), draft.key);
    step = next;
  }
}

function stepsOf(kind: ProviderKind | undefined): readonly StepName[] {
  const steps: StepName[] = ["kind", "address"];
  if (kind?.asksDeployments) steps.push("deployments");
  if (kind === undefined || kind.key !== "none") steps.push("key");
  steps.push("test");
  return steps;
}

function ask(
  step: StepName,
  draft: ProviderDraft | undefined,
  position: Position,
  needs: AddProviderNeeds,
): Promise<Answer<ProviderDraft>> {
  if (step === "kind" || draft === undefined) return askKind(draft, position);
  switch (step) {
    case "address":
      return askAddress(draft, position);
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
  });
  return mapAnswer(answer, (text) => ({ ...draft, baseUrl: text.trim() }));
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
  const optional = kind.key === "optional";
  const page = kind.keyPage;
  const where = page === undefined ? "" : ` ([make one here](${page}))`;
  const answer = await askKey(
    { type: kind.type, baseUrl, name: kind.label },
    {
      ...position,
      title: `${TITLE}: ${kind.label}`,
      prompt: optional
        ? "The key, if the provider needs one; it is kept in the secret storage"
        : `The key${where}; it is kept in the secret storage and nowhere else`,
      ...(page === undefined ? {} : { helpPage: { label: `Open the key page of ${kind.label}`, url: page } }),
    },
    optional,
  );
  return mapAnswer(answer, (key) => {
    const { key: _, ...rest } = draft;
    return key === undefined ? rest : { ...rest, key };
  });
}

/** A real request to the provider, then the choice what to do with its outcome. */
async function testAndConfirm(
  draft: ProviderDraft,
  position: Position,
  needs: AddProviderNeeds,
): Promise<Answer<ProviderDraft>> {
  let result: TestResult | undefined;
  let cancelled = false;
  try {
    result = await withCancel(`Testing ${draft.kind.label}…`, (signal) => {
      signal.addEventListener("abort", () => {
        cancelled = true;
      });
      return needs.test(draftProvider(draft, needs.environment), signal);
    });
  } catch (error) {
    if (!cancelled) {
      result = { ok: false, verdict: messageOf(error), latencyMs: 0, models: [] };
    }
  }
  if (result === undefined || cancelled) return { kind: "back" };
  const save = result.ok
    ? { label: "$(check) Done", detail: doneDetail(result), value: "save" as const }
    : {
        label: "$(warning) Save anyway",
        detail: "Add it as it is and look into it later",
        value: "save" as const,
      };
  const back = { label: "$(arrow-left) Go back", detail: "Change what was entered", value: "back" as const };
  const answer = await pickStep<"save" | "back">({
    ...position,
    title: `${TITLE}: ${result.ok ? "it works" : "it does not work yet"}`,
    placeholder: result.verdict,
    choices: result.ok ? [save, back] : [back, save],
  });
  if (answer.kind !== "answer") return answer;
  return answer.value === "save" ? { kind: "answer", value: draft } : { kind: "back" };
}

function doneDetail({ models, latencyMs }: TestResult): string {
  const found = models.length === 0 ? "" : ` and listed ${models.length} models`;
  return `The provider answered in ${Math.round(latencyMs)} ms${found}`;
}

function mapAnswer<T, U>(answer: Answer<T>, map: (value: T) => U): Answer<U> {
  return answer.kind === "answer" ? { kind: "answer", value: map(answer.value) } : answer;
}
