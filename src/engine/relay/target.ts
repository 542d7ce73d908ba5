import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { PROTOCOL_NAME, type WireProtocol } from "../../core/protocols/wire";
import type { Operation } from "../../core/providers/endpoint";
import { preferredProtocol, speaks } from "../../core/providers/spoken";
import { decided, type Resolution, resolveModel, type ServedModel } from "../../core/routing/resolveModel";
import type { ProviderRegistry } from "../providers/providerRegistry";

/** Where a request goes. */
export interface Target {
  readonly provider: EngineProvider;
  readonly model: ServedModel;
  /** What the provider calls the model in this request: on Azure, the deployment. */
  readonly upstreamModel: string;
}

type Found = Extract<Resolution, { kind: "found" }>;

/** How long a request may wait for a models list that is still being asked for. */
const MODELS_WAIT_MS = 5_000;

/**
 * Finds the provider and model for the id that a client sent, once the lists that are being asked for are there.
 * @param names the names of routes, which may have been meant where nobody serves the id
 * @throws PosternError model_not_found, provider_disabled, provider_faulty, provider_key_missing
 */
export async function awaitedTarget(
  registry: ProviderRegistry,
  wanted: string,
  names: readonly string[] = [],
): Promise<Target> {
  await registry.settleModels(MODELS_WAIT_MS);
  const found = decided(resolveModel(wanted, registry.sources(), names));
  if (found.kind === "disabled") throw disabled(found.providerId);
  if (found.kind === "unknown") throw unknownModel(registry, wanted, found.nearest);
  return targetOf(registry, wanted, found);
}

/**
 * The same at once; undefined where lists that are still being asked for may have a say.
 * @throws the same
 */
export function knownTarget(registry: ProviderRegistry, wanted: string): Target | undefined {
  const found = resolveModel(wanted, registry.sources());
  if (found.kind === "disabled") throw disabled(found.providerId);
  return found.kind === "found" ? targetOf(registry, wanted, found) : undefined;
}

function targetOf(registry: ProviderRegistry, wanted: string, { providerId, model }: Found): Target {
  const provider = registry.get(providerId);
  if (!provider) throw unknownModel(registry, wanted, []);
  assertUsable(provider);
  const upstreamModel = model.deployment ?? model.id;
  // As a part of an address these would lead to another one.
  if (/^\.{1,2}$/.test(upstreamModel)) throw unknownModel(registry, wanted, []);
  return { provider, model, upstreamModel };
}

/** @throws PosternError provider_disabled, provider_key_missing */
export function assertUsable({ config, credential }: EngineProvider): void {
  if (!config.enabled) throw disabled(config.id);
  if (credential.kind !== "missing") return;
  throw new PosternError(
    "provider_key_missing",
    `Provider "${config.id}" has no usable key: ${credential.reason}. In VS Code run "Postern: Set Key"; headless, set the variable and restart.`,
  );
}

function disabled(id: string): PosternError {
  return new PosternError(
    "provider_disabled",
    `Provider "${id}" is disabled. Enable it in Postern's Providers view or its configuration.`,
  );
}

function unknownModel(registry: ProviderRegistry, wanted: string, nearest: readonly string[]): PosternError {
  const shown = JSON.stringify(wanted.slice(0, 200));
  const fault = registry.faultOf(wanted.split("/")[0] ?? "");
  if (fault) {
    const why = fault.problems.map(({ path, message }) => `${path} ${message}`).join("; ");
    return new PosternError("provider_faulty", `Provider "${fault.id}" cannot be used: ${why}.`);
  }
  const hint =
    nearest.length > 0 ? `Did you mean ${nearest.join(", ")}?` : "GET /v1/models lists what there is.";
  return new PosternError("model_not_found", `The model ${shown} is not known. ${hint}`);
}

/** What becomes of a request: passed on byte for byte, translated, run by Copilot's SDK, or answered by the gateway itself. */
export type Treatment = "bytes" | "translated" | "copilot" | "estimated";

/**
 * Where client and provider speak different protocols, conversations are translated and tokens estimated. What else
 * there is has no counterpart.
 * @throws PosternError translation_unavailable
 */
export function treatmentOf(target: Target, operation: Operation, protocol: WireProtocol): Treatment {
  const { config } = target.provider;
  const spoken = preferredProtocol(config);
  if (config.type === "copilot") return copilotTreatment(config.id, operation);
  if (operation === "embeddings" ? spoken !== "messages" : speaks(config, protocol)) return "bytes";
  if (operation === "chat" || operation === "responses" || operation === "messages") return "translated";
  if (operation === "countTokens") return "estimated";
  const what = `Provider "${config.id}" speaks ${PROTOCOL_NAME[spoken]}`;
  if (operation === "compact") {
    const text = `${what}, which cannot compact a conversation. Ask the model for a summary with POST /v1/responses.`;
    throw new PosternError("translation_unavailable", text, { status: 404 });
  }
  throw new PosternError(
    "translation_unavailable",
    `${what}, which has nothing for embeddings. Use another provider for it.`,
  );
}

/** @throws PosternError translation_unavailable */
function copilotTreatment(id: string, operation: Operation): "copilot" | "estimated" {
  if (operation === "chat" || operation === "responses" || operation === "messages") return "copilot";
  if (operation === "countTokens") return "estimated";
  const what = operation === "embeddings" ? "nothing for embeddings" : "no way to compact a conversation";
  throw new PosternError(
    "translation_unavailable",
    `Provider "${id}" is GitHub Copilot, whose SDK has ${what}. Use another provider for it.`,
    { status: 404 },
  );
}
