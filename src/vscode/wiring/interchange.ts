import os from "node:os";
import { checkProviders } from "../../core/config/parse";
import { configSchema, isProviderType } from "../../core/config/schema";
import { knownPreset } from "../../core/providers/knownPreset";
import { exportConfiguration } from "../commands/exportCommand";
import { importProviders } from "../commands/importCommand";
import type { CommandHandlers } from "../commands/register";
import { usualFiles } from "../interchange/foreignFiles";
import type { CredentialEditor } from "../providers/credentialEditor";
import type { ProviderRegistry } from "../providers/registry";
import type { Storage } from "./storage";

/** What of the configuration has a place of its own in an export, or is the headless program's alone. */
const OWN_PARTS = ["providers", "gateway", "dataDir"];
const GATEWAY_SETTINGS = ["host", "port", "maxRunning"];

/** The commands that exchange configurations with other programs. */
export function interchangeCommands(
  storage: Storage,
  registry: ProviderRegistry,
  editor: Pick<CredentialEditor, "storedLabels">,
): Pick<CommandHandlers, "postern.importProviders" | "postern.exportConfiguration"> {
  const { settings, environment, gatewayKeys, userFolder } = storage;
  return {
    "postern.importProviders": () =>
      importProviders({
        environment,
        existing: () => settings.providers().flatMap((entry) => (isNamed(entry) ? [entry] : [])),
        files: usualFiles({ platform: process.platform, home: os.homedir(), environment, userFolder }),
        add: (chosen) => registry.addAll(chosen),
      }),
    "postern.exportConfiguration": async () => {
      const providers = registry.usable();
      const stored = await Promise.all(
        providers.map(async ({ id }) => [String(id), await editor.storedLabels(String(id))] as const),
      );
      const written = (names: readonly string[], prefix = "") =>
        Object.fromEntries(
          names.flatMap((name) => {
            const value = settings.written(prefix + name);
            return value === undefined ? [] : [[name, value]];
          }),
        );
      const configured = settings.written("gateway.keys");
      await exportConfiguration({
        providers,
        stored: new Map(stored),
        usualVariable: (provider) => usualVariable(provider),
        gateway: written(GATEWAY_SETTINGS, "gateway."),
        gatewayKeys: (await gatewayKeys.notTakenOver()).map(({ name }) => name),
        faulty: checkProviders(settings.providers(), "settings").flatMap((checked) =>
          checked.ok ? [] : [checked.id],
        ),
        configuredKeys: Array.isArray(configured) ? configured : [],
        others: written(Object.keys(configSchema.shape).filter((name) => !OWN_PARTS.includes(name))),
      });
    },
  };
}

function usualVariable({ type, baseUrl }: Readonly<Record<string, unknown>>): string | undefined {
  if (!isProviderType(type) || typeof baseUrl !== "string") return undefined;
  return knownPreset({ type, baseUrl })?.environment.key[0];
}

function isNamed(entry: unknown): entry is { readonly id: string } {
  return typeof entry === "object" && entry !== null && "id" in entry && typeof entry.id === "string";
}
