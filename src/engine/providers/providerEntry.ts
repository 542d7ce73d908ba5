import type { EngineProvider } from "../../core/config/engineConfig";
import type { Finding } from "../../core/diagnosis/finding";
import type { ListedModel } from "../../core/models/listedModel";
import type { ProviderModel } from "../../core/models/providerModels";
import { isLocalAddress } from "../../core/providers/baseUrl";
import type { ModelStatus, ProviderStatus } from "../../core/rpc/contract";
import type { CachedList } from "./modelListCache";

/** A provider in the running engine: what is configured, and what has been found out since. */
export interface ProviderEntry {
  readonly provider: EngineProvider;
  listed: readonly ListedModel[];
  /** When the provider listed them, in milliseconds since the epoch. */
  listedAt: number | undefined;
  /** What is offered, worked out from the list, the configuration and the catalogue. */
  models: readonly ProviderModel[];
  /** The same as windows are told of them; the same array as long as nothing has changed. */
  modelStatuses: readonly ModelStatus[];
  /** What was looked up of single models in a minute since the epoch. */
  known: { readonly minute: number; readonly models: Map<string, ProviderModel> };
  modelsFrom: ProviderStatus["modelsFrom"];
  /** Why the last call failed; cleared by the next that works. */
  failure: string | undefined;
  /** The same with what can be done about it, where that is known. */
  finding: Finding | undefined;
  /** Why there is no list of models, where that is no failure. */
  note: string | undefined;
  asking: Promise<void> | undefined;
  /** When the last asking began, on the clock of `performance`. */
  askedAt: number;
}

/** No minute has this number, so nothing is ever put into it. */
export const NOTHING_KNOWN: ProviderEntry["known"] = { minute: Number.NaN, models: new Map() };

const HOUR_MS = 3_600_000;
/** A list that is older is asked for again in the background. */
const OLD_MS = 6 * HOUR_MS;
/** What is on this machine is asked more often: models are loaded and removed there by hand. */
const OLD_HERE_MS = 60_000;

export function newEntry(provider: EngineProvider, cached: CachedList | undefined): ProviderEntry {
  const base: ProviderEntry = {
    provider,
    listed: [],
    listedAt: undefined,
    models: [],
    modelStatuses: [],
    known: NOTHING_KNOWN,
    modelsFrom: "unavailable",
    failure: undefined,
    finding: undefined,
    note: undefined,
    asking: undefined,
    askedAt: Number.NEGATIVE_INFINITY,
  };
  if (provider.config.models) return { ...base, modelsFrom: "config" };
  // Azure lists what could be deployed, not what is: only the person knows the deployments.
  if (provider.config.type === "azure") return { ...base, note: 'name the deployments under "models"' };
  if (!canAsk(provider)) return base;
  if (!cached) return { ...base, modelsFrom: "pending" };
  return { ...base, listed: cached.models, listedAt: cached.listedAt, modelsFrom: "provider" };
}

export function canAsk({ config, credential }: EngineProvider): boolean {
  return (
    config.models === undefined && config.type !== "azure" && config.enabled && credential.kind !== "missing"
  );
}

/** Whether a list should be asked for again. @param now milliseconds since the epoch */
export function isOld({ provider, modelsFrom, listedAt }: ProviderEntry, now: number): boolean {
  if (modelsFrom !== "provider" || listedAt === undefined || !canAsk(provider)) return false;
  const limit = isLocalAddress(provider.config.baseUrl) ? OLD_HERE_MS : OLD_MS;
  return Math.abs(now - listedAt) > limit;
}

/** @param now milliseconds since the epoch */
export function statusOf(entry: ProviderEntry, now: number): ProviderStatus {
  const { provider, modelStatuses, modelsFrom, listedAt, failure, finding, note } = entry;
  const { config, credential } = provider;
  const shared = {
    id: config.id,
    models: modelStatuses,
    modelsFrom,
    ...(listedAt === undefined
      ? {}
      : { listedAt, listedHoursAgo: Math.max(0, Math.floor((now - listedAt) / HOUR_MS)) }),
  };
  if (!config.enabled) return { ...shared, state: "disabled" };
  if (credential.kind === "missing") return { ...shared, state: "keyMissing", detail: credential.reason };
  if (failure !== undefined)
    return { ...shared, state: "failing", detail: failure, ...(finding ? { finding } : {}) };
  return { ...shared, state: "ready", ...(note === undefined ? {} : { detail: note }) };
}

/** Takes over what is offered now. */
export function setModels(entry: ProviderEntry, models: readonly ProviderModel[]): void {
  entry.models = models;
  const statuses = models.map(modelStatus);
  // Worked out anew every few minutes, mostly to the same.
  if (JSON.stringify(statuses) !== JSON.stringify(entry.modelStatuses)) entry.modelStatuses = statuses;
}

function modelStatus({ deployment: _, baseModel: __, ...status }: ProviderModel): ModelStatus {
  return status;
}
