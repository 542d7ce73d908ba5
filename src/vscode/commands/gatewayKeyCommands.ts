import * as vscode from "vscode";
import type { Target } from "../common/target";
import { type GatewayKeys, gatewayKeyNameFault, type WholeGatewayKey } from "../secrets/gatewayKeys";
import type { WorkspaceKeys } from "../secrets/workspaceKeys";
import { entryNamed, type RawEntries } from "../settings/namedEdits";
import type { GatewayKeyEntry } from "../state";
import { confirm, notify } from "../ui/notify";
import { inputStep, pickStep } from "../ui/steps";
import { editKeyLimits } from "./keyLimitsFlow";
import type { CommandHandlers } from "./register";

type GatewayKeyCommands = Pick<
  CommandHandlers,
  | "postern.copyGatewayKey"
  | "postern.newGatewayKey"
  | "postern.editGatewayKey"
  | "postern.enableGatewayKey"
  | "postern.disableGatewayKey"
  | "postern.rotateGatewayKey"
  | "postern.forgetGatewayKeyCopy"
  | "postern.deleteGatewayKey"
>;

/** What the commands need beside the gateway keys themselves. */
export interface GatewayKeySurroundings {
  /** Every gateway key, as the tree shows them. */
  entries(): readonly GatewayKeyEntry[];
  /** Every gateway key that can be copied here. */
  copyable(): Promise<readonly WholeGatewayKey[]>;
  /** The setting as it is written. */
  settings(): RawEntries;
  readonly workspaceKeys: WorkspaceKeys;
  /** Cuts what is running on a gateway key. @returns how many requests that were */
  cutRequests(name: string): Promise<number>;
  changed(): Promise<void>;
}

/** The commands on gateway keys. */
export function gatewayKeyCommands(keys: GatewayKeys, around: GatewayKeySurroundings): GatewayKeyCommands {
  /** Changes an entry of the settings, and offers to take that back. */
  const change = async (
    name: string,
    done: string,
    work: () => Promise<void>,
    more: Readonly<Record<string, () => unknown>> = {},
  ): Promise<void> => {
    const before = entryNamed(around.settings(), name);
    await work();
    await around.changed();
    const undo = async (): Promise<void> => {
      if (!before) return;
      const now = entryNamed(around.settings(), name) ?? {};
      const gone = Object.fromEntries(Object.keys(now).map((field) => [field, undefined]));
      // The key itself stays as it is: one that was rotated since must not be let in again.
      const { key, hash, masked } = now;
      await keys.patch(name, { ...gone, ...before, key, hash, masked });
      await around.changed();
    };
    notify("info", done, before ? { ...more, Undo: undo } : more);
  };
  const inSettings = (entry: GatewayKeyEntry): boolean =>
    entry.fault === undefined && (entry.source === "settings" || entry.source === "environment");
  const pick = (title: string, target: Target | undefined, fits: (entry: GatewayKeyEntry) => boolean) =>
    pickKey(title, target, around.entries(), fits);
  return {
    "postern.copyGatewayKey": async (target) => {
      const copyable = await around.copyable();
      const here = new Set(copyable.map(({ name }) => name));
      const all = around.entries();
      if (target?.kind !== "gatewayKey" && all.length > 0 && here.size === 0) return offerNewKey();
      const chosen = await pick("Copy Gateway Key", target, ({ name }) => here.has(name));
      const whole = copyable.find(({ name }) => name === chosen?.name);
      if (whole) await copy(whole, `Copied the key "${whole.name}".`);
      else if (chosen) throw new Error(`Of the gateway key "${chosen.name}" only its hash is kept here.`);
    },
    "postern.newGatewayKey": async () => {
      const taken = around.entries().map(({ name }) => name);
      const answer = await inputStep({
        title: "New Gateway Key",
        step: 1,
        totalSteps: 2,
        prompt: "Which tool is the gateway key for?",
        placeholder: "claude-code",
        validate: (text) => gatewayKeyNameFault(text, taken),
      });
      if (answer.kind !== "answer") return;
      const kept = await pickStep({
        title: "New Gateway Key",
        step: 2,
        totalSteps: 2,
        placeholder: "Will it have to be copied again?",
        choices: [
          {
            label: "Copy it once",
            detail: "Only its hash is kept: it can never be read again.",
            value: false,
          },
          {
            label: "Keep a copy",
            detail: "In VS Code's secret storage, for 'Copy Gateway Key'.",
            value: true,
          },
        ],
      });
      if (kept.kind !== "answer") return;
      const name = answer.value.trim();
      const made = await keys.create({ name, keep: kept.value });
      await around.changed();
      const once = kept.value ? "" : " It is not shown again.";
      await copy(made, `Made and copied the key "${name}".${once}`, {
        "Set Limits": () =>
          vscode.commands.executeCommand("postern.editGatewayKey", { target: { kind: "gatewayKey", name } }),
      });
    },
    "postern.editGatewayKey": async (target) => {
      const chosen = await pick("Edit Gateway Key Limits", target, inSettings);
      if (!chosen) return;
      const read = () => entryNamed(around.settings(), chosen.name) ?? {};
      const patch = await editKeyLimits(chosen.name, read());
      if (!patch) return;
      await change(chosen.name, `Changed the limits of the key "${chosen.name}".`, () =>
        keys.patch(chosen.name, patch),
      );
    },
    "postern.enableGatewayKey": async (target) => {
      const chosen = await pick(
        "Enable Gateway Key",
        target,
        (entry) => inSettings(entry) && !!entry.disabled,
      );
      if (!chosen) return;
      await change(chosen.name, `Enabled the key "${chosen.name}".`, () =>
        keys.patch(chosen.name, { enabled: undefined }),
      );
    },
    "postern.disableGatewayKey": async (target) => {
      const chosen = await pick(
        "Disable Gateway Key",
        target,
        (entry) => inSettings(entry) && !entry.disabled,
      );
      if (!chosen) return;
      const { name } = chosen;
      const cut = async (): Promise<void> => {
        const count = await around.cutRequests(name);
        notify("info", count === 0 ? "Nothing was running on it." : `Cut ${count} running.`);
      };
      await change(
        name,
        `Disabled the key "${name}". What is running may end; the next request is refused.`,
        () => keys.patch(name, { enabled: false }),
        { "Cut Running Requests": cut },
      );
    },
    "postern.rotateGatewayKey": async (target) => {
      const chosen = await pick("Rotate Gateway Key", target, (entry) => entry.source === "settings");
      if (!chosen) return;
      const detail =
        "It gets a new key with the same limits. Tools that have the old one are locked out at once.";
      if (!(await confirm(`Rotate the gateway key "${chosen.name}"?`, detail, "Rotate"))) return;
      const made = await keys.rotate(chosen.name);
      await around.changed();
      await copy(made, `Copied the new key "${chosen.name}".${whyNotAccepted(chosen)}`);
    },
    "postern.forgetGatewayKeyCopy": async (target) => {
      const fits = (entry: GatewayKeyEntry) => entry.source === "settings" && entry.copyable;
      const chosen = await pick("Forget Copy of Gateway Key", target, fits);
      if (!chosen) return;
      const detail = "It goes on working, but cannot be copied again. This cannot be taken back.";
      if (!(await confirm(`Forget the copy of the key "${chosen.name}"?`, detail, "Forget"))) return;
      await keys.forgetCopy(chosen.name);
      await around.changed();
    },
    "postern.deleteGatewayKey": async (target) => {
      const chosen = await pick("Delete Gateway Key", target, ({ source }) => source !== "environment");
      if (!chosen) return;
      const { name } = chosen;
      const detail = "Tools that use it are locked out at once.";
      if (!(await confirm(`Delete the gateway key "${name}"?`, detail, "Delete"))) return;
      if (chosen.source === "workspace") {
        await around.workspaceKeys.delete(name);
        await around.changed();
        notify("info", `Deleted the key "${name}".`);
        return;
      }
      const bringBack = await keys.delete(name);
      await around.changed();
      const undo = async (): Promise<void> => {
        await bringBack();
        await around.changed();
      };
      notify("info", `Deleted the key "${name}".`, { Undo: undo });
    },
  };
}

/** A new key has the limits of the old one, and these may be what locks it out. */
function whyNotAccepted({ disabled, expiresAt }: GatewayKeyEntry): string {
  const expired = expiresAt !== undefined && Date.now() >= expiresAt;
  const why = disabled ? "is disabled" : expired ? "has expired" : undefined;
  return why === undefined ? "" : ` It ${why}, so it is not accepted yet.`;
}

function offerNewKey(): void {
  notify("info", "Of the gateway keys only hashes are kept here, so none can be copied again.", {
    "New Gateway Key": () => vscode.commands.executeCommand("postern.newGatewayKey"),
    "Rotate Gateway Key": () => vscode.commands.executeCommand("postern.rotateGatewayKey"),
  });
}

async function pickKey(
  title: string,
  target: Target | undefined,
  entries: readonly GatewayKeyEntry[],
  fits: (entry: GatewayKeyEntry) => boolean,
): Promise<GatewayKeyEntry | undefined> {
  if (target?.kind === "gatewayKey") {
    const found = entries.find((entry) => entry.name === target.name);
    if (found) return found;
    // Falling back to another one would copy or delete what was not pointed at.
    throw new Error(`The gateway key "${target.name}" is not here any more.`);
  }
  const choices = entries.filter(fits);
  if (choices.length === 0) {
    const none = entries.length === 0 ? "There is no gateway key yet." : "There is no gateway key for that.";
    notify("info", none, {
      "New Gateway Key": () => vscode.commands.executeCommand("postern.newGatewayKey"),
    });
    return undefined;
  }
  const [only, ...others] = choices;
  // To copy the only one needs no question; to delete it asks for a confirmation anyway.
  if (only && others.length === 0) return only;
  const answer = await pickStep({
    title,
    placeholder: "Which gateway key?",
    choices: choices.map((entry) => ({ label: entry.name, description: entry.masked, value: entry })),
  });
  return answer.kind === "answer" ? answer.value : undefined;
}

async function copy(
  { key }: WholeGatewayKey,
  done: string,
  more: Readonly<Record<string, () => unknown>> = {},
): Promise<void> {
  await vscode.env.clipboard.writeText(key);
  notify("info", done, more);
}
