import { type Check, requestChecks, targetChecks } from "./conditions";
import { decide, decideTarget, type PolicyDecision, type TargetDecision } from "./decide";
import type { PolicyFacts, PolicyTarget } from "./facts";
import { effectsOf } from "./header";
import { byWeight, type PolicyOrigin, type PolicySource } from "./sources";

/** A rule, whether it applies to the request, and which of its conditions do. */
export interface ExplainedRule {
  readonly origin: PolicyOrigin;
  readonly name: string;
  readonly applies: boolean;
  readonly checks: readonly Check[];
  readonly effects: readonly string[];
}

/** What a given request would meet, and why. */
export interface PolicyExplanation {
  readonly facts: PolicyFacts;
  /** Absent where the model is not known, or was not asked about. */
  readonly target?: PolicyTarget;
  readonly rules: readonly ExplainedRule[];
  readonly decision: PolicyDecision;
  readonly targetDecision?: TargetDecision;
}

/** Goes through every rule of every source, those that do not apply included. */
export function explain(
  facts: PolicyFacts,
  sources: readonly PolicySource[],
  target?: PolicyTarget,
): PolicyExplanation {
  const decision = decide(facts, sources);
  const rules = byWeight(sources).flatMap((source) =>
    "fault" in source
      ? []
      : source.rules.map((rule) => {
          const onTarget = target ? targetChecks(rule.when, target) : [];
          const checks = [...requestChecks(rule.when, facts), ...onTarget];
          const applies = checks.every(({ fits }) => fits);
          return { origin: source.origin, name: rule.name, applies, checks, effects: effectsOf(rule) };
        }),
  );
  return {
    facts,
    rules,
    decision,
    ...(target ? { target, targetDecision: decideTarget(decision, target) } : {}),
  };
}
