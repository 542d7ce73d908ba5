import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { PROTOCOL_NAME } from "../../core/protocols/wire";
import { speaks } from "../../core/providers/spoken";
import type { ProviderRegistry } from "../providers/providerRegistry";
import { assertUsable } from "./target";

/** About a megabyte; whoever asks for an older one is served where only one provider keeps responses. */
const MAX_REMEMBERED = 10_000;

/** Which provider made which response, of those that passed. In memory only: the ids are the provider's business. */
export class StoredResponses {
  /** The order of insertion is the order of use. */
  private readonly makers = new Map<string, string>();

  constructor(private readonly registry: ProviderRegistry) {}

  remember(responseId: string, providerId: string): void {
    this.makers.delete(responseId);
    this.makers.set(responseId, providerId);
    const oldest = this.makers.keys().next();
    if (this.makers.size > MAX_REMEMBERED && !oldest.done) this.makers.delete(oldest.value);
  }

  /**
   * Where a response is kept.
   * @throws PosternError not_found, and what `assertUsable` throws
   */
  keeper(responseId: string): EngineProvider {
    const maker = this.makers.get(responseId);
    const known = maker === undefined ? undefined : this.registry.get(maker);
    if (known && speaks(known.config, "responses")) {
      this.remember(responseId, known.config.id);
      assertUsable(known);
      return known;
    }
    const keepers = this.registry
      .sources()
      .flatMap(({ id, enabled }) => (enabled ? (this.registry.get(id) ?? []) : []))
      .filter((provider) => speaks(provider.config, "responses"));
    const [only] = keepers;
    if (only && keepers.length === 1) {
      assertUsable(only);
      return only;
    }
    throw new PosternError(
      "not_found",
      keepers.length === 0
        ? `No enabled provider speaks ${PROTOCOL_NAME.responses}, so no response is kept. Send the whole conversation in input.`
        : "Which provider made this response is not known: it did not pass here, or not since Postern was started.",
    );
  }

  /**
   * A conversation cannot be gone on with at a provider that does not have its beginning.
   * @throws PosternError previous_response_not_found
   */
  assertKeptBy(provider: EngineProvider, previousResponseId: string): void {
    const maker = this.makers.get(previousResponseId);
    const { id } = provider.config;
    if (maker === undefined || maker === id) return;
    throw new PosternError(
      "previous_response_not_found",
      `previous_response_id: that response was made by provider "${maker}", and this request goes to "${id}". Send the whole conversation in input.`,
    );
  }
}
