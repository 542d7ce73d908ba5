import type { EngineProvider } from "../../core/config/engineConfig";
import { endpointUrl, type Operation } from "../../core/providers/endpoint";
import { secretsOf } from "../../core/providers/redact";
import { forwardQuery } from "./forwarded";

/** Clients may ask for any number of models. */
const MOST = 500;

/** What of a provider's configuration is worked out once, and not for each request. */
export class Addresses {
  private readonly urls = new WeakMap<EngineProvider["config"], Map<string, string>>();
  private readonly secrets = new WeakMap<object, readonly string[]>();

  /**
   * Where a request goes, with what belongs to it of the query that the client sent.
   * @param model the provider's name of the model
   * @param target the client's request target
   */
  urlOf(config: EngineProvider["config"], operation: Operation, model: string, target: string): URL {
    let known = this.urls.get(config);
    if (!known || known.size >= MOST) {
      known = new Map();
      this.urls.set(config, known);
    }
    const key = `${operation} ${model}`;
    const text = known.get(key) ?? endpointUrl(config, operation, model);
    known.set(key, text);
    const url = new URL(text);
    forwardQuery(target, url);
    return url;
  }

  /** What of a provider must never be shown. */
  secretsOf(provider: EngineProvider): readonly string[] {
    // With each credential of its pool a provider is another object; the pool is the same.
    const key = provider.pool ?? provider;
    const known = this.secrets.get(key) ?? secretsOf(provider);
    this.secrets.set(key, known);
    return known;
  }
}
