import type { EngineProvider } from "../../core/config/engineConfig";
import type { Quirks } from "../../core/conversation/quirks";
import { endpointUrl, type Operation } from "../../core/providers/endpoint";
import { quirksOf } from "../../core/providers/quirks";
import { SecretMask, secretsOf } from "../../core/providers/redact";
import { isOpenAiItself } from "../../core/providers/spoken";
import { forwardQuery } from "./forwarded";
import { QuotedKeys } from "./quotedKeys";
import type { Target } from "./target";

/** Clients may ask for any number of models, with any query. */
const MOST = 500;
/** In characters. */
const LONGEST = 500;

/** Where a request goes, in the parts that undici takes. */
export interface Address {
  /** With its colon. */
  readonly protocol: string;
  readonly origin: string;
  /** With the query. */
  readonly path: string;
}

/** What a model wants otherwise than Chat Completions has it. */
export interface ChatEdits {
  /** Whether usage is told of a stream only where it is asked for, and not where asking is refused. */
  readonly usageOption: boolean;
  /** Fields that it knows under another name alone. */
  readonly renames: Readonly<Record<string, string>>;
}

export function addressOf({ protocol, origin, pathname, search }: URL): Address {
  return { protocol, origin, path: pathname + search };
}

/** What of a provider is worked out once, and not for each request. */
export class PerProvider {
  private readonly addresses = new WeakMap<EngineProvider["config"], Map<string, Address>>();
  private readonly chatEdits = new WeakMap<
    Target["model"],
    { readonly config: object; readonly edits: ChatEdits }
  >();
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
      if (key.length <= LONGEST) known.set(key, address);
    }
    return address;
  }

  /** What a target wants changed in a request of Chat Completions. */
  chatEditsOf({ provider: { config }, model }: Target): ChatEdits {
    const known = this.chatEdits.get(model);
    if (known?.config === config) return known.edits;
    const quirks = quirksOf(config, "chat", model.id, model);
    const edits = {
      usageOption: quirks.usageOption,
      renames: isOpenAiItself(config) ? renamesFor(quirks) : {},
    };
    this.chatEdits.set(model, { config, edits });
    return edits;
  }

  /** What of a provider must never be shown. */
  quotedKeysOf(provider: EngineProvider): QuotedKeys {
    // With each credential of its pool a provider is another object; the pool is the same.
    const key = provider.pool ?? provider;
    let quoted = this.quoted.get(key);
    if (!quoted) {
      quoted = new QuotedKeys(new SecretMask(secretsOf(provider)));
      this.quoted.set(key, quoted);
    }
    return quoted;
  }
}

/** Clients send the older `max_tokens` to every model; those of OpenAI that reason refuse it. */
function renamesFor({ reasons, maxTokensField }: Quirks): Readonly<Record<string, string>> {
  return reasons && maxTokensField !== "max_tokens" ? { max_tokens: maxTokensField } : {};
}
