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
 * may use a route may use whatever it leads to.
 * @param patterns undefined for a key that may use everything
 */
export function mayUse(patterns: readonly string[] | undefined, choice: ModelChoice): boolean {
  if (patterns === undefined) return true;
  const { provider, model, route } = choice;
  const names = [`${provider}/${model}`, model, ...(route === undefined ? [] : [route])];
  return patterns.some((pattern) => names.some((name) => matchesGlob(pattern, name)));
}
