import type { PolicyRule } from "../../config/schema/policy";

/** Who made a rule, the weightiest first. */
export const POLICY_ORIGINS = ["administrator", "settings", "repository"] as const;
export type PolicyOrigin = (typeof POLICY_ORIGINS)[number];

/** A place that rules come from, as it was read. A place with a fault refuses everything until it is mended. */
export type PolicySource =
  | {
      readonly origin: PolicyOrigin;
      readonly rules: readonly PolicyRule[];
      /** Patterns of approved hosts, where the source has such a list. */
      readonly approved?: readonly string[] | undefined;
    }
  | {
      readonly origin: PolicyOrigin;
      /** What is wrong and where, in words for a person; it quotes nothing of the file. */
      readonly fault: string;
    };

/** How an origin is named to people. */
export const ORIGIN_NAME: Record<PolicyOrigin, string> = {
  administrator: "the administrator's policy",
  settings: "your settings",
  repository: "the repository's .postern.json",
};

/** The sources in their order of weight; the same every time, in whatever order they were found. */
export function byWeight(sources: readonly PolicySource[]): readonly PolicySource[] {
  return POLICY_ORIGINS.flatMap((origin) => sources.filter((source) => source.origin === origin));
}

/** The lists of approved hosts; every one of them has to have a host. */
export function approvedLists(sources: readonly PolicySource[]): readonly (readonly string[])[] {
  return byWeight(sources).flatMap((source) =>
    "rules" in source && source.approved !== undefined ? [source.approved] : [],
  );
}

/** The rules with `~/` in their workspaces' patterns as what it stands for. */
export function inHome(rules: readonly PolicyRule[], home: string): readonly PolicyRule[] {
  const expanded = (pattern: string): string =>
    pattern === "~" || /^~[\\/]/.test(pattern) ? `${home}${pattern.slice(1)}` : pattern;
  return rules.map((rule) => {
    const { workspace } = rule.when;
    if (workspace === undefined) return rule;
    const patterns = Array.isArray(workspace) ? workspace.map(expanded) : expanded(workspace);
    return { ...rule, when: { ...rule.when, workspace: patterns } };
  });
}
