import type { EngineProvider } from "../../core/config/engineConfig";
import type { Quirks } from "../../core/conversation/quirks";
import { endpointUrl, type Operation } from "../../core/providers/endpoint";
import { quirksOf } from "../../core/providers/quirks";
import { SecretMask, secretsOf } from "../../core/providers/redact";
import { forwardQuery } from "./forwarded";
import { QuotedKeys } from "./quotedKeys";
import type { Target } from "./target";

/** Clients may ask for any number of models, with any query. */
const MOST = 500;

/** Where a request goes, in the parts that undici takes. */
export interface Address {
  /** With its colon. */
  readonly protocol: string;
  readonly origin: string;
  /** With the query. */
  readonly path: string;
}

export function addressOf({ protocol, origin, pathname, search }: URL): Address {
  return { protocol, origin, path: pathname + search };
}

/** What of a provider is worked out once, and not for each request. */
export class PerProvider {
  private readonly addresses = new WeakMap<EngineProvider["config"], Map<string, Address>>();
  private readonly quirks = new WeakMap<Target["model"], { readonly config: object; readonly of: Quirks }>();
  private readonly quoted = new WeakMap<object, QuotedKeys>();

  /**
   * Where a request goes, with what belongs to it of the query that the client sent.
   * @param model the provider's name of the model
   * @param target the client's request target
   */
  addressOf(config: EngineProvider["config"], operation: Operation, model: string, target: string): Address {
    let known = this.addresses.get(config);
    if (!known || known.size >= MOST) {
      known = new Map();
      this.addresses.set(config, known);
    }
    const at = target.indexOf("?");
    const key = `${operation} ${model} ${at < 0 ? "" : target.slice(at)}`;
    let address = known.get(key);
    if (!address) {
      const url = new URL(endpointUrl(config, operation, model));
      forwardQuery(target, url);
      address = addressOf(url);
      known.set(key, address);
    }
    return address;
  }

  /** In what a target differs from Chat Completions. */
  chatQuirksOf({ provider: { config }, model }: Target): Quirks {
    const known = this.quirks.get(model);
    if (known?.config === config) return known.of;
    const quirks = quirksOf(config, "chat", model.id, model);
    this.quirks.set(model, { config, of: quirks });
    return quirks;
  }

  /** What of a provider must never be shown. */
  quotedKeysOf(provider: EngineProvider): QuotedKeys {
    // With each credential of its pool a provider is another object; the pool is the same.
    const key = provider.pool ?? provider;
    const known = this.quoted.get(key) ?? new QuotedKeys(new SecretMask(secretsOf(provider)));
    this.quoted.set(key, known);
    return known;
  }
}
