import type { Environment } from "../../core/config/reference";
import { addressFor } from "../../core/interchange/address";
import { keyVariables, tokenVariables } from "../../core/interchange/dotenv";
import {
  addressFault,
  addressWarning,
  draftType,
  idFault,
  inKinds,
  keyNeed,
  type ProviderDraft,
  splitNames,
  suggestedId,
  valueFault,
  withValue,
} from "../../core/providers/draft";
import type { Placeholder } from "../../core/providers/preset";
import { freeId } from "../settings/providerEdits";
import { type Answer, inputStep, pickStep } from "../ui/steps";
import { askKey } from "./keyInput";

export const TITLE = "Add Provider";

/** Where a step stands among the others. */
export interface Position {
  readonly step: number;
  readonly totalSteps: number;
  readonly canGoBack: boolean;
}

const titleOf = ({ preset }: ProviderDraft): string => `${TITLE}: ${preset.label}`;

/** Asks for a part of the address; a variable that customarily holds it is suggested. */
export async function askValue(
  draft: ProviderDraft,
  placeholder: Placeholder,
  position: Position,
  environment: Environment,
): Promise<Answer<ProviderDraft>> {
  const known =
    knownAddress(draft, environment) ??
    (placeholder.environment ?? []).map(environment).find((value) => value);
  const answer = await inputStep({
    ...position,
    title: titleOf(draft),
    prompt: placeholder.prompt,
    placeholder: placeholder.example,
    value: draft.values?.[placeholder.name] ?? known ?? "",
    validate: (text) => inKinds(valueFault(draft, placeholder, text)),
  });
  return mapAnswer(answer, (text) => withValue(draft, placeholder, text));
}

/** The whole address, where a variable customarily holds it and it can be used. */
function knownAddress(draft: ProviderDraft, environment: Environment): string | undefined {
  const type = draftType(draft);
  return (draft.preset.environment.address ?? [])
    .flatMap((name) => environment(name)?.trim() || [])
    .map((text) => addressFor(type, text).baseUrl)
    .find((baseUrl) => addressFault(type, baseUrl) === undefined);
}

export async function askAddress(draft: ProviderDraft, position: Position): Promise<Answer<ProviderDraft>> {
  const answer = await inputStep({
    ...position,
    title: titleOf(draft),
    prompt: "The provider's address",
    placeholder: draft.preset.addressExample,
    value: draft.baseUrl,
    validate: (text) => inKinds(addressFault(draftType(draft), text)),
    warn: addressWarning,
  });
  return mapAnswer(answer, (text) => ({ ...draft, baseUrl: text.trim() }));
}

export async function askName(
  draft: ProviderDraft,
  position: Position,
  taken: readonly string[],
): Promise<Answer<ProviderDraft>> {
  const entries = taken.map((id) => ({ id }));
  const suggested = freeId(entries, suggestedId(draft));
  const answer = await inputStep({
    ...position,
    title: titleOf(draft),
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

/** Asks for the names that the provider's own list does not give. */
export async function askDeployments(
  draft: ProviderDraft,
  position: Position,
): Promise<Answer<ProviderDraft>> {
  const list = draft.preset.modelsList;
  const { byHand, example } = "byHand" in list ? list : { byHand: "models", example: "" };
  const what = byHand === "deployments" ? "Names of your deployments" : "Ids of the models you want to use";
  const answer = await inputStep({
    ...position,
    title: titleOf(draft),
    prompt: `${what}, separated by commas; leave it empty to add them later`,
    placeholder: example,
    value: draft.deployments.join(", "),
  });
  return mapAnswer(answer, (text) => ({ ...draft, deployments: splitNames(text) }));
}

/** Where a key comes from: the name of a variable, or undefined for one that is pasted. */
type KeySource = string | undefined;

/** Asks for the key; a variable that customarily holds it and is set is offered first. */
export async function askDraftKey(
  draft: ProviderDraft,
  position: Position,
  environment: Environment,
): Promise<Answer<ProviderDraft>> {
  const { preset } = draft;
  const variables = [...keyVariables(environment, preset), ...tokenVariables(environment, preset)];
  if (variables.length === 0) return pasteKey(draft, position);
  const { host } = new URL(draft.baseUrl);
  const answer = await pickStep<KeySource>({
    ...position,
    title: titleOf(draft),
    placeholder: "Where does the key come from?",
    choices: [
      ...variables.map((name) => ({
        label: `$(symbol-variable) Use the variable ${name}`,
        detail: `It is set in VS Code's environment and is sent to ${host}; only its name stands in the settings`,
        value: name,
      })),
      {
        label: "$(key) Paste a key",
        detail: "It is kept in the secret storage and nowhere else",
        value: undefined,
      },
    ],
    active: draft.keyVariable ?? (draft.key === undefined ? variables[0] : undefined),
  });
  if (answer.kind !== "answer") return answer;
  const { keyVariable: _, key: __, ...rest } = draft;
  if (answer.value !== undefined) return { kind: "answer", value: { ...rest, keyVariable: answer.value } };
  const { keyVariable: ___, ...pasting } = draft;
  const pasted = await pasteKey(pasting, { ...position, canGoBack: true });
  return pasted.kind === "back" ? askDraftKey(draft, position, environment) : pasted;
}

async function pasteKey(draft: ProviderDraft, position: Position): Promise<Answer<ProviderDraft>> {
  const { preset, baseUrl } = draft;
  const optional = keyNeed(draft) === "optional";
  const page = preset.keyPage;
  const answer = await askKey(
    { type: draftType(draft), baseUrl, name: preset.label },
    {
      ...position,
      title: titleOf(draft),
      prompt: keyPrompt(draft),
      ...(optional ? { placeholder: "leave it empty if the provider needs none" } : {}),
      value: draft.key ?? "",
      ...(page === undefined
        ? {}
        : { helpPage: { label: `Open the key page of ${preset.label}`, url: page } }),
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
  const { keyPage } = draft.preset;
  if (keyPage !== undefined) return `The key ([make one here](${keyPage})). ${kept}`;
  return draft.keyWanted
    ? `The key for ${host}, which asks for one. ${kept}`
    : `The key for ${host}; a provider on another machine needs one. ${kept}`;
}

function mapAnswer<T, U>(answer: Answer<T>, map: (value: T) => U): Answer<U> {
  return answer.kind === "answer" ? { kind: "answer", value: map(answer.value) } : answer;
}
