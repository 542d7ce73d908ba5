import { type ConfigProblem, problemsOf } from "./problems";
import { type RouteConfig, routeSchema } from "./schema";

/** A route of the settings: usable, or with the reasons why it is not. */
export type CheckedRoute =
  | { readonly ok: true; readonly route: RouteConfig }
  | { readonly ok: false; readonly name: string; readonly problems: readonly ConfigProblem[] };

/** Validates each entry of the setting `postern.routes` by itself, so that one faulty route costs no other. */
export function checkRoutes(value: unknown): CheckedRoute[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    return [{ ok: false, name: "postern.routes", problems: [{ path: "routes", message: "must be a list" }] }];
  }
  const seen = new Set<string>();
  return value.map((entry: unknown, index): CheckedRoute => {
    const parsed = routeSchema.safeParse(entry, { reportInput: true });
    const name = routeEntryName(entry, index);
    const problems = parsed.success ? [] : problemsOf(parsed.error, ["routes", index]);
    if (seen.has(name)) problems.push(repeated(name, index));
    seen.add(name);
    return parsed.success && problems.length === 0
      ? { ok: true, route: parsed.data }
      : { ok: false, name, problems };
  });
}

/** The second of two routes with one name would never be asked. */
export function repeatedRoutes(routes: unknown): ConfigProblem[] {
  return checkRoutes(Array.isArray(routes) ? routes : []).flatMap((checked) =>
    checked.ok ? [] : checked.problems.filter(({ message }) => message.endsWith(REPEATED)),
  );
}

const REPEATED = "is what an earlier route stands for";

function repeated(name: string, index: number): ConfigProblem {
  return { path: `routes[${index}]`, message: `${JSON.stringify(name)} ${REPEATED}` };
}

/** What an entry is called, however faulty it is: its name, what it matches, or its place in the list. */
export function routeEntryName(entry: unknown, index: number): string {
  return nameOf(entry) ?? `#${index + 1}`;
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { name, match } = entry as Record<string, unknown>;
  return [name, match].find((value) => typeof value === "string" && value !== "") as string | undefined;
}
