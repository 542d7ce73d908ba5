import * as vscode from "vscode";
import type { BudgetScope } from "../../core/config/schema";
import type { PosternState } from "../state";
import { inputStep, pickStep } from "../ui/steps";

type ScopeKind = Exclude<keyof Exclude<BudgetScope, "all">, undefined>;

const KINDS: readonly { readonly label: string; readonly value: ScopeKind | "all" }[] = [
  { label: "Everything", value: "all" },
  { label: "One provider", value: "provider" },
  { label: "One model", value: "model" },
  { label: "One gateway key", value: "key" },
  { label: "One workspace folder", value: "workspace" },
  { label: "One label of gateway keys", value: "label" },
  { label: "One extension in VS Code", value: "extension" },
  { label: "One tool", value: "tool" },
];

/** Asks what a budget is for. @returns undefined where the person went away */
export async function pickScope(title: string, state: PosternState): Promise<BudgetScope | undefined> {
  const kind = await pickStep<ScopeKind | "all">({
    title,
    placeholder: "What is the budget for?",
    choices: KINDS,
  });
  if (kind.kind !== "answer") return undefined;
  if (kind.value === "all") return "all";
  const name = await pickName(title, kind.value, knownNames(kind.value, state));
  return name === undefined ? undefined : { [kind.value]: name };
}

async function pickName(
  title: string,
  kind: ScopeKind,
  known: readonly string[],
): Promise<string | undefined> {
  if (known.length > 0) {
    const answer = await pickStep<string | undefined>({
      title,
      placeholder: `Which ${kind}?`,
      choices: [
        ...known.map((name) => ({ label: name, value: name })),
        { label: "Another one", value: undefined },
      ],
    });
    if (answer.kind !== "answer") return undefined;
    if (answer.value !== undefined) return answer.value;
  }
  const answer = await inputStep({
    title,
    prompt: PROMPTS[kind],
    validate: (text) => FAULTS[kind]?.(text.trim()) ?? (text.trim() === "" ? "It needs a name." : undefined),
  });
  return answer.kind === "answer" ? answer.value.trim() : undefined;
}

const PROMPTS: Readonly<Record<ScopeKind, string>> = {
  provider: "The provider's id",
  model: "The model, as provider/model",
  key: "The gateway key's name",
  workspace: "The folder's path",
  label: "The label, as name=value",
  extension: "The extension's id, such as github.copilot-chat",
  tool: "The tool, as the ledger names it, such as claude-code",
};

const FAULTS: Partial<Record<ScopeKind, (text: string) => string | undefined>> = {
  model: (text) => (/^[^/\s]+\/\S+$/.test(text) ? undefined : "Write it as provider/model."),
  label: (text) => (/^[^=\s]+=.+$/.test(text) ? undefined : "Write it as name=value."),
};

function knownNames(kind: ScopeKind, { local, engine }: PosternState): readonly string[] {
  switch (kind) {
    case "provider":
      return local.providers.map(({ id }) => id);
    case "model":
      return engine.kind === "ready"
        ? engine.status.providers.flatMap(({ id, models }) => models.map((model) => `${id}/${model.id}`))
        : [];
    case "key":
      return local.gatewayKeys.map(({ name }) => name);
    case "workspace":
      return (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
    case "label":
      return [
        ...new Set(
          local.gatewayKeys.flatMap(({ limits }) =>
            Object.entries(limits?.labels ?? {}).map(([name, value]) => `${name}=${value}`),
          ),
        ),
      ];
    default:
      return [];
  }
}
