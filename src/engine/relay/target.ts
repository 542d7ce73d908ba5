import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { PROTOCOL_NAME, type WireProtocol } from "../../core/protocols/wire";
import type { Operation } from "../../core/providers/endpoint";
import { decided, resolveModel, type ServedModel } from "../../core/routing/resolveModel";
import type { ProviderRegistry } from "../providers/providerRegistry";

/** Where a request goes. */
export interface Target {
  readonly provider: EngineProvider;
  readonly model: ServedModel;
  /** What the provider calls the model in this request: on Azure, the deployment. */
  readonly upstreamModel: string;
}

/** How long a request may wait for a models list that is still being asked for. */
const MODELS_WAIT_MS = 5_000;

/**
 * Finds the provider and model for the id that a client sent.
 * @throws PosternError model_not_found, provider_disabled, provider_faulty, provider_key_missing
 */
export async function findTarget(registry: ProviderRegistry, wanted: string): Promise<Target> {
  const first = resolveModel(wanted, registry.sources());
  if (first.kind === "undecided" || first.kind === "unknown") await registry.settleModels(MODELS_WAIT_MS);
  const found = decided(resolveModel(wanted, registry.sources()));
  if (found.kind === "disabled") {
    throw new PosternError(
      "provider_disabled",
      `Provider "${found.providerId}" is disabled. Enable it in Postern's Providers view or its configuration.`,
    );
  }
  if (found.kind === "unknown") throw unknownModel(registry, wanted, found.nearest);
  const provider = registry.get(found.providerId);
  if (!provider) throw unknownModel(registry, wanted, []);
  if (provider.credential.kind === "missing") {
    throw new PosternError(
      "provider_key_missing",
      `Provider "${found.providerId}" has no usable key: ${provider.credential.reason}. In VS Code run "Postern: Set Key"; headless, set the variable and restart.`,
    );
  }
  const { model } = found;
  const upstreamModel = model.deployment ?? model.id;
  // As a part of an address these would lead to another one.
  if (/^\.{1,2}$/.test(upstreamModel)) throw unknownModel(registry, wanted, []);
  return { provider, model, upstreamModel };
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

/** The protocol that a provider is spoken to in. */
export function protocolOf({ config }: EngineProvider): WireProtocol {
  if (config.type === "anthropic") return "messages";
  return config.wireApi === "responses" ? "responses" : "chat";
}

/**
 * Whether client and provider speak different protocols. Conversations are translated; what else there is
 * (embeddings, counting tokens) is passed through or not there.
 * @throws PosternError translation_unavailable
 */
export function needsTranslation(target: Target, operation: Operation, protocol: WireProtocol): boolean {
  const spoken = protocolOf(target.provider);
  if (operation === "embeddings" ? spoken !== "messages" : spoken === protocol) return false;
  if (operation === "chat" || operation === "responses" || operation === "messages") return true;
  const { id } = target.provider.config;
  const wanted = operation === "embeddings" ? "embeddings" : "counting tokens";
  throw new PosternError(
    "translation_unavailable",
    `Provider "${id}" speaks ${PROTOCOL_NAME[spoken]}, which has nothing for ${wanted}. Use another provider for it.`,
  );
}
