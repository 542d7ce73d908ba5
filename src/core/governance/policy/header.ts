import type { PolicyRule } from "../../config/schema/policy";
import type { AppliedRule, PolicyDecision, TargetDecision } from "./decide";

/** The response header that says which rules applied. */
export const POLICY_HEADER = "x-postern-policy";

const MAX_RULES = 20;

/**
 * The header's value: a list of strings with parameters (RFC 9651), one item a rule, with its origin and its effects:
 * `"incidents stay inside";from=settings;allow`. Undefined where no rule applied.
 */
export function policyHeader(
  decision: Pick<PolicyDecision, "refusal" | "rules">,
  target?: TargetDecision,
): string | undefined {
  const refusal = target?.refusal ?? decision.refusal;
  const { rules } = target ?? decision;
  if (refusal && refusal.rule === undefined) return `"policy cannot be read";from=${refusal.origin};refused`;
  const items = rules
    .slice(0, MAX_RULES)
    .map((applied) => item(applied, refusal?.rule === applied.rule.name));
  if (rules.length > MAX_RULES) items.push(`"and ${rules.length - MAX_RULES} more"`);
  return items.length > 0 ? items.join(", ") : undefined;
}

function item({ origin, rule }: AppliedRule, refused: boolean): string {
  const effects = effectsOf(rule).map((effect) => `;${effect}`);
  return `${structuredString(rule.name)};from=${origin}${effects.join("")}${refused ? ";refused" : ""}`;
}

/** Names of the effects that a rule has. */
export function effectsOf(rule: PolicyRule): readonly string[] {
  const effects = ["allow", "route", "warn", "refuse", "audit", "redact"] as const;
  return effects.filter((name) => rule[name] !== undefined && rule[name] !== false);
}

/** Strings in headers are printable ASCII (RFC 9651, 3.3.3). */
function structuredString(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}
