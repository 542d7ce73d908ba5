/** What a command acts on, when it was chosen from a tree. */
export type Target =
  | { readonly kind: "provider"; readonly id: string; readonly index: number }
  /** One of a provider's credentials, by its label. */
  | { readonly kind: "credential"; readonly id: string; readonly index: number; readonly label: string }
  | { readonly kind: "gatewayKey"; readonly name: string }
  | RouteRow
  /** A budget, or a gateway key's own, by its limit's id. */
  | { readonly kind: "limit"; readonly name: string }
  /** A model by the id that clients address it by, and by its provider's entry in the settings. */
  | {
      readonly kind: "model";
      readonly name: string;
      readonly modelId?: string;
      readonly provider?: { readonly id: string; readonly index: number };
    }
  /** A request by its id. */
  | { readonly kind: "request"; readonly name: string };

/** A route by its name or pattern and its place in the settings, or one of its targets. */
export type RouteRow =
  | { readonly kind: "route"; readonly name: string; readonly index: number }
  | {
      readonly kind: "routeTarget";
      readonly model: string;
      /** Its place among the route's targets. */
      readonly at: number;
      readonly route: { readonly name: string; readonly index: number };
    };

/**
 * The target in a command's first argument. Commands can be called by anybody with anything, so the form is checked;
 * what does not fit counts as no target, and the person is asked.
 */
export function targetOf(argument: unknown): Target | undefined {
  if (typeof argument !== "object" || argument === null || !("target" in argument)) return undefined;
  const { target } = argument;
  if (typeof target !== "object" || target === null) return undefined;
  const { kind, name, modelId, provider, label } = target as Record<string, unknown>;
  if (kind === "provider") {
    const entry = entryOf(target);
    return entry && { kind, ...entry };
  }
  if (kind === "credential") {
    const entry = entryOf(target);
    return entry && typeof label === "string" ? { kind, ...entry, label } : undefined;
  }
  if (kind === "route" || kind === "routeTarget") return routeRowOf(target as Record<string, unknown>);
  if (
    (kind !== "gatewayKey" && kind !== "model" && kind !== "limit" && kind !== "request") ||
    typeof name !== "string"
  )
    return undefined;
  if (kind !== "model") return { kind, name };
  const entry = entryOf(provider);
  return { kind, name, ...(entry && typeof modelId === "string" ? { modelId, provider: entry } : {}) };
}

function entryOf(value: unknown): { readonly id: string; readonly index: number } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, index } = value as Record<string, unknown>;
  return typeof id === "string" ? { id, index: typeof index === "number" ? index : 0 } : undefined;
}

/** A row of the Routes view, or undefined for anything else. */
export function routeRowOf(value: unknown): RouteRow | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, model, at, route } = value as Record<string, unknown>;
  if (kind === "route") {
    const named = placeOf(value);
    return named && { kind, ...named };
  }
  const named = placeOf(route);
  return kind === "routeTarget" && named && typeof model === "string"
    ? { kind, model, at: typeof at === "number" ? at : 0, route: named }
    : undefined;
}

function placeOf(value: unknown): { readonly name: string; readonly index: number } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { name, index } = value as Record<string, unknown>;
  return typeof name === "string" ? { name, index: typeof index === "number" ? index : 0 } : undefined;
}

/** The targets of several selected rows. */
export function targetsOf(selection: unknown): readonly Target[] {
  return Array.isArray(selection) ? selection.flatMap((row) => targetOf(row) ?? []) : [];
}
