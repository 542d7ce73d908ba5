import * as vscode from "vscode";
import type { EngineGatewayKey } from "../../core/config/engineConfig";
import type { Target } from "../common/target";
import { type GatewayKeys, gatewayKeyNameFault, maskKey } from "../secrets/gatewayKeys";
import { confirm, notify } from "../ui/notify";
import { inputStep, pickStep } from "../ui/steps";
import type { CommandHandlers } from "./register";

type GatewayKeyCommands = Pick<
  CommandHandlers,
  "postern.copyGatewayKey" | "postern.newGatewayKey" | "postern.deleteGatewayKey"
>;

/** What the commands need beside the stored gateway keys. */
export interface GatewayKeySurroundings {
  /** Every gateway key that is accepted, those from the environment included. */
  accepted(): Promise<readonly EngineGatewayKey[]>;
  changed(): Promise<void>;
}

/** The commands on gateway keys. */
export function gatewayKeyCommands(keys: GatewayKeys, around: GatewayKeySurroundings): GatewayKeyCommands {
  return {
    "postern.copyGatewayKey": async (target) => {
      const chosen = await pickKey("Copy Gateway Key", target, await around.accepted());
      if (chosen) await copy(chosen, "Copied the key");
    },
    "postern.newGatewayKey": async () => {
      const taken = (await around.accepted()).map(({ name }) => name);
      const answer = await inputStep({
        title: "New Gateway Key",
        prompt: "Which tool is the gateway key for?",
        placeholder: "claude-code",
        validate: (text) => gatewayKeyNameFault(text, taken),
      });
      if (answer.kind !== "answer") return;
      const made = await keys.create(answer.value.trim());
      await around.changed();
      await copy(made, "Made and copied the key");
    },
    "postern.deleteGatewayKey": async (target) => {
      const chosen = await pickKey("Delete Gateway Key", target, await keys.list());
      if (!chosen) return;
      const detail = "Tools that use it are locked out at once. It cannot be brought back.";
      if (!(await confirm(`Delete the gateway key "${chosen.name}"?`, detail, "Delete"))) return;
      await keys.delete(chosen.name);
      await around.changed();
      notify("info", `Deleted the key "${chosen.name}".`);
    },
  };
}

async function pickKey(
  title: string,
  target: Target | undefined,
  keys: readonly EngineGatewayKey[],
): Promise<EngineGatewayKey | undefined> {
  if (target?.kind === "gatewayKey") {
    const found = keys.find(({ name }) => name === target.name);
    if (found) return found;
    // Falling back to another one would copy or delete what was not pointed at.
    throw new Error(`The gateway key "${target.name}" is not here; one from the settings is changed there.`);
  }
  if (keys.length === 0) {
    notify("info", "There is no gateway key yet.", {
      "New Gateway Key": () => vscode.commands.executeCommand("postern.newGatewayKey"),
    });
    return undefined;
  }
  const [only, ...others] = keys;
  // To copy the only one needs no question; to delete it asks for a confirmation anyway.
  if (only && others.length === 0) return only;
  const choices = keys.map((key) => ({ label: key.name, description: maskKey(key.key), value: key }));
  const answer = await pickStep({ title, placeholder: "Which gateway key?", choices });
  return answer.kind === "answer" ? answer.value : undefined;
}

async function copy({ name, key }: EngineGatewayKey, done: string): Promise<void> {
  await vscode.env.clipboard.writeText(key);
  notify("info", `${done} "${name}".`);
}
