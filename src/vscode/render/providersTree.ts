import { PROTOCOL_NAME } from "../../core/protocols/wire";
import type { ModelStatus, ProviderStatus } from "../../core/rpc/contract";
import type { EngineState } from "../engine/state";
import type { PosternState, ProviderEntry, UsableEntry } from "../state";
import { escapeMarkdown } from "./markdown";
import { counted, shortCount } from "./numbers";
import { type ProviderStanding, providerStanding, statusOf } from "./providerState";
import { infoNode, type TreeNode } from "./treeNode";
import { withoutName } from "./verdict";

/** The rows of the Providers view. */
export function renderProviders({ local, engine }: PosternState): readonly TreeNode[] {
  return local.providers.map((entry) => providerNode(entry, engine));
}

function providerNode(entry: ProviderEntry, engine: EngineState): TreeNode {
  const shown = providerStanding(entry, engine);
  const status = statusOf(engine, entry.id);
  const label = entry.faulty ? entry.id : entry.name;
  // The place is part of it: two entries may have the same id, which is the fault of the second.
  const id = `provider/${entry.index}/${entry.id}`;
  return {
    id,
    label,
    description: shown.text,
    icon: shown.icon,
    tooltip: providerTooltip(entry, shown, status),
    contextValue: contextValue(entry, shown),
    accessibilityLabel: `Provider ${label}, ${shown.text}`,
    children: childNodes(id, entry, engine, status),
    target: { kind: "provider", id: entry.id, index: entry.index },
  };
}

/** The words the menus look for, see the manifest. */
function contextValue(entry: ProviderEntry, shown: ProviderStanding): string {
  if (entry.faulty) return "provider faulty";
  const words = [
    "provider",
    entry.enabled ? "enabled" : "disabled",
    entry.stored ? "keyStored" : "keyAbsent",
  ];
  if (shown.keyWanted) words.push("keyWanted");
  return words.join(" ");
}

function childNodes(
  id: string,
  entry: ProviderEntry,
  engine: EngineState,
  status: ProviderStatus | undefined,
): readonly TreeNode[] {
  if (entry.faulty) {
    return entry.problems.map(({ path, message }, index) =>
      infoNode(`${id}/problem/${index}`, path ? `${path} ${message}` : message, { id: "warning" }),
    );
  }
  const none = (text: string, icon = "info"): readonly TreeNode[] => [
    infoNode(`${id}/none`, text, { id: icon }),
  ];
  if (!entry.enabled) return none("disabled: its models are not offered");
  if (entry.key.kind === "missing") return none("its models are listed once it has a key");
  if (engine.kind === "starting" || engine.kind === "restarting") {
    return none("waiting for the engine…", "loading~spin");
  }
  if (engine.kind === "failed" || engine.kind === "outdated") return none("the engine is not available");
  if (!status) return none("its models are listed when the engine runs");
  if (status.models.length > 0) {
    // The place is part of it here too: VS Code refuses a view in which two rows have the same id.
    return status.models.map((model, index) => modelNode(`${id}/model/${index}`, entry.id, model));
  }
  if (status.modelsFrom === "pending") return none("asking for models…", "loading~spin");
  if (status.modelsFrom === "unavailable") {
    return none(withoutName(status.detail ?? "the provider did not list its models", entry.id), "warning");
  }
  return none("the provider lists no models");
}

function modelNode(id: string, providerId: string, model: ModelStatus): TreeNode {
  const address = `${providerId}/${model.id}`;
  const window =
    model.facts.contextWindow === undefined ? "" : `${shortCount(model.facts.contextWindow)} context`;
  const description = [model.name === undefined ? "" : model.id, window].filter(Boolean).join(" · ");
  return {
    id: `${id}/${model.id}`,
    label: model.name ?? model.id,
    ...(description ? { description } : {}),
    icon: { id: "circuit-board" },
    tooltip: `Clients address it as ${escapeMarkdown(address)}`,
    contextValue: "model",
    accessibilityLabel: `Model ${model.name ?? model.id}${window ? `, ${window}` : ""}`,
    target: { kind: "model", name: address },
  };
}

const TYPE_LABEL = { openai: "OpenAI-compatible", azure: "Azure OpenAI", anthropic: "Anthropic" } as const;

/** Which API it is asked in; clients may use any. */
function spokenApis({ protocols }: UsableEntry): string {
  const names = protocols.map((protocol) => PROTOCOL_NAME[protocol]).join(" and ");
  return `Speaks ${names}; what clients send in another API is translated`;
}

function providerTooltip(
  entry: ProviderEntry,
  shown: ProviderStanding,
  status: ProviderStatus | undefined,
): string {
  if (entry.faulty) {
    const faults = entry.problems.map(
      ({ path, message }) => `- ${escapeMarkdown(`${path} ${message}`.trim())}`,
    );
    return [`**${escapeMarkdown(entry.id)}** is faulty and not used:`, "", ...faults].join("\n");
  }
  const lines = [
    `**${escapeMarkdown(entry.name)}** (${escapeMarkdown(entry.id)})`,
    `${TYPE_LABEL[entry.type]} at ${escapeMarkdown(entry.baseUrl)}`,
    spokenApis(entry),
    escapeMarkdown(sentence(shown.text)),
  ];
  if (status && status.models.length > 0) {
    const source = status.modelsFrom === "config" ? "from the settings" : "listed by the provider";
    lines.push(`${counted(status.models.length, "model")}, ${source}`);
  }
  return lines.join("\n\n");
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
