import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import { optional } from "../../core/json/access";
import { PROTOCOL_NAME } from "../../core/protocols/wire";
import { speaks } from "../../core/providers/spoken";
import type { ProviderRegistry } from "../providers/providerRegistry";
import { assertUsable } from "./target";

/** A response that passed here. */
interface Made {
  readonly provider: string;
  readonly model: string;
  /** The route that led there: a gateway key may allow it and not the model. */
  readonly route?: string;
  /** Who had it made: nobody else is told that it exists. */
  readonly owner: string;
}

/** Where a response is kept. */
export interface Kept {
  readonly provider: EngineProvider;
  /** Undefined for one that did not pass here since the start. */
  readonly model: string | undefined;
  readonly route?: string;
}

/** About a megabyte; whoever asks for an older one is served where only one provider keeps responses. */
const MAX_REMEMBERED = 10_000;

/** Which provider made which response, and for whom, of those that passed. In memory only: the ids are the provider's business. */
export class StoredResponses {
  /** The order of insertion is the order of use. */
  private readonly makers = new Map<string, Made>();

  constructor(private readonly registry: ProviderRegistry) {}

  remember(responseId: string, caller: Caller, made: Omit<Made, "owner">): void {
    this.put(responseId, { ...made, owner: ownerOf(caller) });
  }

  private put(responseId: string, made: Made): void {
    this.makers.delete(responseId);
    this.makers.set(responseId, made);
    const oldest = this.makers.keys().next();
    if (this.makers.size > MAX_REMEMBERED && !oldest.done) this.makers.delete(oldest.value);
  }

  /**
   * Where a response is kept.
   * @throws PosternError not_found, and what `assertUsable` throws
   */
  keeper(responseId: string, caller: Caller): Kept {
    const made = this.makers.get(responseId);
    if (made && made.owner !== ownerOf(caller)) throw unknownMaker();
    const known = made && this.registry.get(made.provider);
    if (made && known && speaks(known.config, "responses")) {
      this.put(responseId, made);
      assertUsable(known);
      const { model, route } = made;
      return { provider: known, model, ...optional("route", route) };
    }
    const keepers = this.registry
      .sources()
      .flatMap(({ id, enabled }) => (enabled ? (this.registry.get(id) ?? []) : []))
      .filter((provider) => speaks(provider.config, "responses"));
    const [only] = keepers;
    if (only && keepers.length === 1) {
      assertUsable(only);
      return { provider: only, model: undefined };
    }
    if (keepers.length > 0) throw unknownMaker();
    throw new PosternError(
      "not_found",
      `No enabled provider speaks ${PROTOCOL_NAME.responses}, so no response is kept. Send the whole conversation in input.`,
    );
  }

  /**
   * A conversation cannot be gone on with at a provider that does not have its beginning.
   * @throws PosternError previous_response_not_found
   */
  assertKeptBy(provider: EngineProvider, previousResponseId: string, caller: Caller): void {
    const made = this.makers.get(previousResponseId);
    const { id } = provider.config;
    if (made && made.owner !== ownerOf(caller))
      throw new PosternError(
        "previous_response_not_found",
        "previous_response_id: that response is not known here for this gateway key. Send the whole conversation in input.",
      );
    if (made === undefined || made.provider === id) return;
    throw new PosternError(
      "previous_response_not_found",
      `previous_response_id: that response was made by provider "${made.provider}", and this request goes to "${id}". Send the whole conversation in input.`,
    );
  }
}

/** The same words for what is another's as for what nobody knows. */
function unknownMaker(): PosternError {
  return new PosternError(
    "not_found",
    "Which provider made this response is not known: it did not pass here, or not since Postern was started.",
  );
}

function ownerOf({ kind, name }: Caller): string {
  return `${kind} ${name}`;
}
