import * as vscode from "vscode";
import { CHAT_VENDOR } from "../chat/vendor";
import type { ChatModel } from "../render/chatModel";
import { notify } from "../ui/notify";
import { type Choice, pickStep } from "../ui/steps";
import type { CommandHandlers } from "./register";

/** Titles, summaries, commit messages and the like: the small ones, and those that VS Code gives more thought. */
const SETTINGS = ["utilityModel", "utilitySmallModel"] as const;
/** What VS Code uses where neither is set and the chat's model is a person's own: `copilot` needs an account there. */
const DEFAULT_SETTING = "byokUtilityModelDefault";

type Choosable =
  | { readonly kind: "model"; readonly id: string }
  | { readonly kind: "same" }
  | { readonly kind: "default" };

/** Sets the model that VS Code itself uses for small tasks. */
export function utilityModelCommands(
  models: () => Promise<readonly ChatModel[]>,
): Pick<CommandHandlers, "postern.chooseUtilityModel"> {
  return {
    "postern.chooseUtilityModel": async () => {
      const chat = vscode.workspace.getConfiguration("chat");
      if (!SETTINGS.every((name) => chat.inspect(name))) {
        notify("info", "This version of VS Code has no setting for the model of its utility tasks.");
        return;
      }
      const choices = choicesFrom(await models(), chat);
      const current = chat.get<string>(SETTINGS[1]) ?? "";
      const active = choices.find(({ value }) => value.kind === "model" && stored(value.id) === current);
      const answer = await pickStep({
        title: "Model for VS Code's Utility Tasks",
        placeholder: "A fast and inexpensive model does",
        prompt: "VS Code uses it for titles, summaries, commit messages and other small tasks.",
        choices,
        ...(active ? { active: active.value } : {}),
      });
      if (answer.kind !== "answer") return;
      await apply(chat, answer.value);
      notify("info", saidOf(answer.value));
    },
  };
}

function choicesFrom(
  models: readonly ChatModel[],
  chat: vscode.WorkspaceConfiguration,
): readonly Choice<Choosable>[] {
  const same: Choice<Choosable> = {
    label: "$(comment-discussion) The model of the conversation",
    description: "Whichever is chosen in Chat",
    value: { kind: "same" },
  };
  return [
    ...models.map(
      ({ id, name, detail, pricing }): Choice<Choosable> => ({
        label: name,
        description: [detail, ...(pricing ? [pricing] : [])].join(" · "),
        value: { kind: "model", id },
      }),
    ),
    ...(chat.inspect(DEFAULT_SETTING) ? [same] : []),
    {
      label: "$(discard) VS Code's own choice",
      description: "Takes the setting back",
      value: { kind: "default" },
    },
  ];
}

async function apply(chat: vscode.WorkspaceConfiguration, chosen: Choosable): Promise<void> {
  const value = chosen.kind === "model" ? stored(chosen.id) : undefined;
  for (const name of SETTINGS) await chat.update(name, value, vscode.ConfigurationTarget.Global);
  if (!chat.inspect(DEFAULT_SETTING)) return;
  const fallback = chosen.kind === "same" ? "mainAgent" : undefined;
  await chat.update(DEFAULT_SETTING, fallback, vscode.ConfigurationTarget.Global);
}

/** As VS Code writes a model into these settings. */
function stored(id: string): string {
  return `${CHAT_VENDOR}/${id}`;
}

function saidOf(chosen: Choosable): string {
  if (chosen.kind === "model") return `VS Code uses ${chosen.id} for its utility tasks.`;
  return chosen.kind === "same"
    ? "VS Code uses the conversation's model for its utility tasks."
    : "VS Code chooses the model for its utility tasks by itself.";
}
