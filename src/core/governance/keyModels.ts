import { matchesGlob } from "../text/glob";

/** What a gateway key's patterns are held against. */
export interface ModelChoice {
  readonly provider: string;
  readonly model: string;
  /** Name of the route by which the model was chosen. */
  readonly route?: string;
}

/**
 * Whether a gateway key may use a model. A pattern fits the route's name, `provider/model`, or the model's own id. Whoever
 * may use a route may use whatever it leads to. A pattern that begins with a provider's id means that provider: another's
 * model may well have it in its own id (`openai/gpt-4o` at OpenRouter).
 * @param patterns undefined for a key that may use everything
 * @param isProvider whether there is a provider of an id
 */
export function mayUse(
  patterns: readonly string[] | undefined,
  { provider, model, route }: ModelChoice,
  isProvider: (id: string) => boolean,
): boolean {
  if (patterns === undefined) return true;
  const names = [`${provider}/${model}`, ...(route === undefined ? [] : [route])];
  return patterns.some((pattern) => {
    const slash = pattern.indexOf("/");
    const namesProvider = slash > 0 && isProvider(pattern.slice(0, slash));
    return (namesProvider ? names : [...names, model]).some((name) => matchesGlob(pattern, name));
  });
}
