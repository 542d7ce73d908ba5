/** What a command acts on, when it was chosen from a tree. */
export type Target =
  | { readonly kind: "provider"; readonly id: string; readonly index: number }
  | { readonly kind: "gatewayKey"; readonly name: string }
  /** A model by the id that clients address it by. */
  | { readonly kind: "model"; readonly name: string }
  /** A request by its id. */
  | { readonly kind: "request"; readonly name: string };

/**
 * The target in a command's first argument. Commands can be called by anybody with anything, so the form is checked;
 * what does not fit counts as no target, and the person is asked.
 */
export function targetOf(argument: unknown): Target | undefined {
  if (typeof argument !== "object" || argument === null || !("target" in argument)) return undefined;
  const { target } = argument;
  if (typeof target !== "object" || target === null) return undefined;
  const { kind, id, index, name } = target as Record<string, unknown>;
  if (kind === "provider" && typeof id === "string") {
    return { kind, id, index: typeof index === "number" ? index : 0 };
  }
  if (kind !== "gatewayKey" && kind !== "model" && kind !== "request") return undefined;
  return typeof name === "string" ? { kind, name } : undefined;
}
