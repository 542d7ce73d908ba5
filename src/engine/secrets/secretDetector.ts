import { setImmediate } from "node:timers/promises";
import type { EngineConfig, EngineProvider } from "../../core/config/engineConfig";
import type { Detect, Finding } from "../../core/governance/secrets/finding";
import { withoutInnerEscapes } from "../../core/governance/secrets/innerEscapes";
import { knownSecrets } from "../../core/governance/secrets/knownSecrets";
import { ownPatterns } from "../../core/governance/secrets/ownPatterns";
import { type Redacted, redactText } from "../../core/governance/secrets/redactText";
import { SearchableJson } from "../../core/governance/secrets/searchableJson";

/** How long a search may keep other requests waiting, in milliseconds. */
const TURN_MS = 5;

/** Keys for show, such as a local server's "lm-studio", may be the name of something too. */
const MIN_NAMED = 16;

/** Names that are remembered, and how long they are; clients may send any number. */
const MAX_NAMES = 500;
const MAX_NAME = 200;

/** Looks for secrets: by the kept rules, by patterns of our own, and for every credential that the engine knows. */
export class SecretDetector {
  private known: Detect = () => [];
  private knownInNames: Detect = () => [];
  /** The latest names without a key in them: the same few models are asked for again and again. */
  private readonly names = new Set<string>();

  /** Takes over the credentials of a configuration. */
  configure({ providers, gateway }: Pick<EngineConfig, "providers" | "gateway">): void {
    const secrets = [...providers.flatMap(credentialsOf), ...gateway.keys.flatMap(({ key }) => key ?? [])];
    this.known = knownSecrets(secrets);
    this.knownInNames = knownSecrets(secrets.filter(({ length }) => length >= MIN_NAMED));
    this.names.clear();
  }

  /** A name that came from outside and is about to be logged and kept, without a key that got into it by mistake. */
  redactName(name: string): string {
    if (this.names.has(name)) return name;
    const { text } = redactText(name, [...this.knownInNames(name), ...ownPatterns(name)]);
    // What has a key in it is not kept, not even here; nor is what may be cut from a long text, and hold all of that.
    if (text !== name || name.length > MAX_NAME) return text;
    if (this.names.size >= MAX_NAMES) this.names.clear();
    this.names.add(name);
    return text;
  }

  /** Kinds of the secrets in a request's body. */
  async kinds(json: string): Promise<readonly string[]> {
    const searchable = new SearchableJson(json);
    return searchable.kinds(await this.search(searchable.view));
  }

  /** A JSON text without its secrets; all else of it stays to the byte. */
  async redactJson(json: string): Promise<Redacted> {
    const searchable = new SearchableJson(json);
    return searchable.without(await this.search(searchable.view));
  }

  async redactText(text: string): Promise<Redacted> {
    return redactText(text, await this.search(text));
  }

  private async search(text: string): Promise<readonly Finding[]> {
    // Loaded when it is first needed: most never look.
    const { keptRules } = await import("./secretRules");
    let turn = performance.now();
    // What the engine knows it knows in its escaped forms too.
    const findings: Finding[] = [...this.known(text)];
    const plain = withoutInnerEscapes(text);
    for (const detect of [ownPatterns, ...keptRules]) {
      if (performance.now() - turn > TURN_MS) {
        await setImmediate();
        turn = performance.now();
      }
      for (const finding of detect(plain)) findings.push(finding);
    }
    return findings;
  }
}

/** Headers whose values are credentials; others hold names that may well stand in a prompt. */
const SECRET_HEADER = /auth|key|token|secret|cookie|password|credential|signature/i;

/** Every credential of a provider, those of its pool and its headers included. */
function credentialsOf({ config, credential, pool = [] }: EngineProvider): string[] {
  const own = "value" in credential ? [credential.value] : [];
  const headers = Object.entries(config.headers ?? {}).filter(([name]) => SECRET_HEADER.test(name));
  const schemes = headers.map(([, value]) => value.replace(/^(bearer|basic|token|api-?key) +/i, ""));
  return [...own, ...pool.map((labelled) => labelled.credential.value), ...schemes];
}
