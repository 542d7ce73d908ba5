import type { ProviderQuota } from "../../core/governance/quota";
import { PROTOCOL_NAME } from "../../core/protocols/wire";
import type { ModelStatus, ProviderStatus } from "../../core/rpc/contract";
import type { EngineState } from "../engine/state";
import type { PosternState, ProviderEntry, UsableEntry } from "../state";
import { credentialRows } from "./credentialRows";
import { escapeMarkdown } from "./markdown";
import { factsTable, shortFacts, spokenFacts } from "./modelFacts";
import { counted } from "./numbers";
import { type ProviderStanding, providerStanding, statusOf } from "./providerState";
import { durationText } from "./requestText";
import { infoNode, type TreeNode } from "./treeNode";
import { withoutName } from "./verdict";

/** The rows of the Providers view. */
export function renderProviders({ local, engine }: PosternState): readonly TreeNode[] {
  const seen = new Set<string>();
  return local.providers.map((entry) => {
    // By its id alone, so that a row that moves stays selected. Two entries may have one id, the fault of the second.
    const id = seen.has(entry.id) ? `provider/${entry.index}/${entry.id}` : `provider/${entry.id}`;
    seen.add(entry.id);
    return providerNode(id, entry, engine);
  });
}

function providerNode(id: string, entry: ProviderEntry, engine: EngineState): TreeNode {
  const shown = providerStanding(entry, engine);
  const status = statusOf(engine, entry.id);
  const label = entry.faulty ? entry.id : entry.name;
  const latencyMs = shown.kind === "ready" ? status?.latencyMs : undefined;
  const spoken = latencyMs === undefined ? "" : `, last answer after ${durationText(latencyMs)}`;
  return {
    id,
    label,
    description: latencyMs === undefined ? shown.text : `${shown.text} · ${durationText(latencyMs)}`,
    icon: shown.icon,
    tooltip: providerTooltip(entry, shown, status),
    contextValue: contextValue(entry, shown, status),
    accessibilityLabel: `Provider ${label}, ${shown.text}${spoken}`,
    children: [
      ...credentialRows(id, entry, status, quotasOf(engine)),
      ...childNodes(id, entry, engine, status),
    ],
    target: { kind: "provider", id: entry.id, index: entry.index },
  };
}

/** The words the menus look for, see the manifest. */
function contextValue(
  entry: ProviderEntry,
  shown: ProviderStanding,
  status: ProviderStatus | undefined,
): string {
  if (entry.faulty) return "provider faulty";
  const words = [
    "provider",
    entry.enabled ? "enabled" : "disabled",
    entry.stored ? "keyStored" : "keyAbsent",
  ];
  if (shown.keyWanted) words.push("keyWanted");
  if (status?.models.some(({ hidden }) => hidden)) words.push("hasHidden");
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
    return modelNodes(id, entry, status);
  }
  if (status.modelsFrom === "pending") return none("asking for models…", "loading~spin");
  if (status.modelsFrom === "unavailable") {
    return none(withoutName(status.detail ?? "the provider did not list its models", entry.id), "warning");
  }
  return none("the provider lists no models");
}

function modelNodes(id: string, entry: ProviderEntry, status: ProviderStatus): readonly TreeNode[] {
  const shown = status.models.filter(({ hidden }) => !hidden);
  const hidden = status.models.length - shown.length;
  const seen = new Set<string>();
  const rows = shown.map((model, index) => {
    // VS Code refuses a view in which two rows have the same id.
    const rowId = `${id}/model/${seen.has(model.id) ? `${index}/` : ""}${model.id}`;
    seen.add(model.id);
    return modelNode(rowId, entry, model);
  });
  const target = { kind: "provider", id: entry.id, index: entry.index } as const;
  const age = staleness(status);
  const lacking = status.state === "ready" && status.modelsFrom === "provider" ? status.detail : undefined;
  return [
    ...(age === undefined ? [] : [infoNode(`${id}/stale`, age, { id: "history" })]),
    ...(lacking === undefined ? [] : [infoNode(`${id}/lacking`, lacking, { id: "info" })]),
    ...rows,
    ...(hidden === 0
      ? []
      : [
          {
            ...infoNode(`${id}/hidden`, `${hidden} hidden`, { id: "eye-closed" }),
            contextValue: "hiddenModels",
            accessibilityLabel: `${counted(hidden, "model")} hidden`,
            target,
          },
        ]),
  ];
}

/** While the provider fails, its list may not be right any more. */
function staleness({ state, modelsFrom, listedHoursAgo }: ProviderStatus): string | undefined {
  if (state !== "failing" || modelsFrom !== "provider" || listedHoursAgo === undefined) return undefined;
  if (listedHoursAgo < 1) return "listed less than an hour ago";
  return listedHoursAgo < 48
    ? `listed ${counted(listedHoursAgo, "hour")} ago`
    : `listed ${Math.floor(listedHoursAgo / 24)} days ago`;
}

function modelNode(id: string, entry: ProviderEntry, model: ModelStatus): TreeNode {
  const address = `${entry.id}/${model.id}`;
  const label = model.name ?? model.id;
  const description = [model.name === undefined ? "" : model.id, shortFacts(model.facts)]
    .filter(Boolean)
    .join(" · ");
  const marks = [model.pinned ? "pinned" : "", model.added ? "added by you" : ""].filter(Boolean);
  const words = ["model", model.pinned ? "pinned" : "unpinned", ...(model.added ? ["added"] : [])];
  return {
    id,
    label,
    ...(description ? { description } : {}),
    icon: { id: model.pinned ? "pinned" : model.facts.embeddings ? "symbol-array" : "circuit-board" },
    tooltip: modelTooltip(address, model, marks),
    contextValue: words.join(" "),
    accessibilityLabel: [`Model ${label}`, ...marks, spokenFacts(model.facts)].filter(Boolean).join(", "),
    target: {
      kind: "model",
      name: address,
      modelId: model.id,
      provider: { id: entry.id, index: entry.index },
    },
  };
}

function modelTooltip(address: string, { id, name, facts }: ModelStatus, marks: readonly string[]): string {
  return [
    `**${escapeMarkdown(name ?? id)}**${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`,
    `Clients address it as ${escapeMarkdown(address)}`,
    factsTable(facts) || "Nothing else is known of it.",
  ].join("\n\n");
}

const TYPE_LABEL = {
  openai: "OpenAI-compatible",
  azure: "Azure OpenAI",
  anthropic: "Anthropic",
  copilot: "GitHub Copilot",
} as const;

/** Which API it is asked in; clients may use any. */
function spokenApis({ protocols, type }: UsableEntry): string {
  if (type === "copilot") return "Spoken to through GitHub's own Copilot SDK; clients may use any API";
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
  if (status?.latencyMs !== undefined)
    lines.push(`Its last answer began after ${durationText(status.latencyMs)}`);
  if (status && status.models.length > 0) {
    const source = status.modelsFrom === "config" ? "from the settings" : "listed by the provider";
    const hidden = status.models.filter((model) => model.hidden).length;
    const shown = counted(status.models.length - hidden, "model");
    lines.push(`${shown}, ${source}${hidden === 0 ? "" : `; ${hidden} hidden`}`);
  }
  return lines.join("\n\n");
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function quotasOf(engine: EngineState): readonly ProviderQuota[] {
  return engine.kind === "ready" ? (engine.status.limits?.quotas ?? []) : [];
}
