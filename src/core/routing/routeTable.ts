import type { RouteConfig } from "../config/schema";
import { matchesGlob } from "../text/glob";

/** What a route is called in headers, the ledger and the log: its name, or what it matches. */
export function routeLabel({ name, match }: Pick<RouteConfig, "name" | "match">): string {
  return name ?? match ?? "";
}

/** The routes by the ids that clients send. */
export class RouteTable {
  private readonly exact = new Map<string, RouteConfig>();
  private readonly wild: readonly { readonly route: RouteConfig; readonly pattern: string }[];

  constructor(routes: readonly RouteConfig[]) {
    // A name is meant; a pattern may only happen to fit.
    for (const by of ["name", "match"] as const) {
      for (const route of routes) {
        const id = route[by];
        if (id !== undefined && (by === "name" || !isWild(id)) && !this.exact.has(id))
          this.exact.set(id, route);
      }
    }
    this.wild = routes.flatMap((route) => {
      const { match } = route;
      return match !== undefined && isWild(match) ? [{ route, pattern: match }] : [];
    });
  }

  /** The names that clients may send as a model id, in the order of the configuration. */
  names(): string[] {
    return [...this.exact.keys()];
  }

  /** Whether an id is the name of a route, or the very id that one stands for. */
  isName(id: string): boolean {
    return this.exact.has(id);
  }

  /**
   * The route for an id: by its name, then by a pattern without a wildcard, then by the first pattern that fits.
   * @param isAddress whether the id names a provider and its model, which only a pattern with a slash is meant for
   */
  find(id: string, isAddress: boolean): RouteConfig | undefined {
    const exact = this.exact.get(id);
    if (exact) return exact;
    return this.wild.find(({ pattern }) => (!isAddress || pattern.includes("/")) && matchesGlob(pattern, id))
      ?.route;
  }
}

function isWild(pattern: string): boolean {
  return /[*?]/.test(pattern);
}
