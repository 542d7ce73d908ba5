import { ownPatterns } from "../governance/secrets/ownPatterns";
import { hasKeyForm } from "../providers/pastedKey";

/** What stands in the place of a secret, where the headless program reads no variable. */
export const TAKEN_OUT = "TAKEN-OUT-BY-EXPORT";

/** Names whose values are secrets; `max_tokens`, `prompt_cache_key` and `--token-type` are none. */
const SECRET_NAME =
  /(?:^|[^a-z])(?:password|passwd|pwd|passphrase|(?:api|access|private|secret|subscription|account)[-_]?key|(?:client|app)?[-_]?secret|(?:access|auth|bearer|refresh|id)?[-_]?token|credentials?|authorization|cookie)$/i;
const SCHEME = /\b(?:bearer|basic)\s+[^\s"'$]{6,}/i;
/** `password=…` and `X-Api-Key: …` amid a longer text, as scripts have them. */
const WITHIN = /([\w.-]+)["']?\s*[=:]\s*["']?(?=[^\s"'$])/g;
const PASSWORD_IN_ADDRESS = /:\/\/[^\s/:@]*:[^\s/@]+@/;

/** A command without the arguments that are or hold a secret by their own look or by the option before them. */
export function withoutSecretArguments(command: readonly string[]): {
  readonly command: readonly string[];
  readonly taken: boolean;
} {
  const clean = command.map((word, index) => {
    if (index === 0 || word === "") return word;
    const option = /^--?([\w.-]+)$/.exec(command[index - 1] ?? "")?.[1];
    const follows = option !== undefined && isSecretName(option) && !word.startsWith("-");
    if (follows) return TAKEN_OUT;
    const [, named, name = ""] = /^(-{0,2}([\w.-]+)[=:]\s*)\S/.exec(word) ?? [];
    if (named !== undefined && isSecretName(name)) return `${named}${TAKEN_OUT}`;
    return holdsSecret(word) || namesSecret(word) ? TAKEN_OUT : word;
  });
  return { command: clean, taken: clean.some((word, index) => word !== command[index]) };
}

/**
 * A value of a request's body without the texts that are secrets, by their look or by their fields' names.
 * @param taken called with the path of each
 */
export function withoutSecretTexts(value: unknown, path: string, taken: (path: string) => void): unknown {
  if (typeof value === "string") {
    const name = /([^.[\]]*)(?:\[\d+\])*$/.exec(path)?.[1] ?? "";
    if (value === "" || !(isSecretName(name) || holdsSecret(value))) return value;
    taken(path);
    return TAKEN_OUT;
  }
  if (Array.isArray(value))
    return value.map((item, index) => withoutSecretTexts(item, `${path}[${index}]`, taken));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withoutSecretTexts(item, `${path}.${name}`, taken)]),
  );
}

/** `apiKey` is read like `api_key`. */
function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z])([A-Z])/g, "$1_$2"));
}

function holdsSecret(text: string): boolean {
  if (SCHEME.test(text) || PASSWORD_IN_ADDRESS.test(text) || ownPatterns(text).length > 0) return true;
  return text.split(/[\s"'`=:,;]+/).some(hasKeyForm);
}

function namesSecret(text: string): boolean {
  return [...text.matchAll(WITHIN)].some(([, name = ""]) => isSecretName(name));
}
