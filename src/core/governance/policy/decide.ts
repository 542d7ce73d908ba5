import type { PolicyRule } from "../../config/schema/policy";
import { isAllowed } from "./allowList";
import { dependsOnSecrets, requestChecks, targetChecks } from "./conditions";
import type { PolicyFacts, PolicyTarget } from "./facts";
import { byWeight, ORIGIN_NAME, type PolicyOrigin, type PolicySource } from "./sources";

/** A repository may have a hundred rules, and each of its requests has a row. */
const MAX_RECORDED = 500;

/** A rule that applies, and who made it. */
export interface AppliedRule {
  readonly origin: PolicyOrigin;
  readonly rule: PolicyRule;
}

/** Why a request is not sent. */
export interface PolicyRefusal {
  /** Name of the rule; absent where a source could not be read. */
  readonly rule?: string;
  readonly origin: PolicyOrigin;
  /** One sentence for the person, log-safe. */
  readonly message: string;
}

/** What the policy says of a request, before it is known where it goes. */
export interface PolicyDecision {
  /** The whole request is refused, wherever it would go. */
  readonly refusal?: PolicyRefusal;
  /** The route or model id that serves it instead of what was asked for, and whose rule that is. */
  readonly route?: { readonly name: string; readonly rule: string };
  /** Rules that fit the request, in order of weight; those on a class of providers still wait for the target. */
  readonly rules: readonly AppliedRule[];
}

/** What the policy says of one target of the request. */
export interface TargetDecision {
  /** This target must not be asked; another one may. */
  readonly refusal?: PolicyRefusal;
  /** What the person is to be told, each with its rule. */
  readonly warnings: readonly { readonly rule: string; readonly message: string }[];
  /** The whole request and answer must be kept. */
  readonly auditFull: boolean;
  /** Secrets must be taken out of the request before it is sent there. */
  readonly redact: boolean;
  /** The rules that applied, in order of weight. */
  readonly rules: readonly AppliedRule[];
}

/**
 * Whether the request has to be searched for secrets before it is decided on. Searching costs time, so it is done only
 * where a rule that otherwise fits asks for it.
 */
export function asksForSecrets(facts: PolicyFacts, sources: readonly PolicySource[]): boolean {
  return sources.some(
    (source) => "rules" in source && source.rules.some(({ when }) => dependsOnSecrets(when, facts)),
  );
}

/**
 * Decides on a request. Every rule that fits applies, and rules can only take away, so that the strictest wins and the
 * order decides nothing but which route is taken and what is named first: administrator, settings, repository, each in
 * its own order. A source that cannot be read refuses everything.
 */
export function decide(facts: PolicyFacts, sources: readonly PolicySource[]): PolicyDecision {
  const rules: AppliedRule[] = [];
  let fault: PolicyRefusal | undefined;
  for (const source of byWeight(sources)) {
    const { origin } = source;
    if ("fault" in source) {
      fault ??= {
        origin,
        message: `No request is sent because ${ORIGIN_NAME[origin]} cannot be used: ${source.fault}`,
      };
      continue;
    }
    for (const rule of source.rules)
      if (requestChecks(rule.when, facts).every(({ fits }) => fits)) rules.push({ origin, rule });
  }
  const whole = rules.filter(({ rule }) => rule.when.providerClass === undefined);
  const refusing = whole.find(({ rule }) => isSet(rule.refuse));
  const refusal = fault ?? (refusing && refusalBy(refusing));
  const routing = whole.find(({ rule, origin }) => rule.route !== undefined && origin !== "repository");
  return {
    rules,
    ...(refusal ? { refusal } : {}),
    ...(routing?.rule.route === undefined
      ? {}
      : { route: { name: routing.rule.route, rule: routing.rule.name } }),
  };
}

/** Decides on one target of a request that was not refused as a whole. */
export function decideTarget(decision: PolicyDecision, target: PolicyTarget): TargetDecision {
  const rules = decision.rules.filter(({ rule }) =>
    targetChecks(rule.when, target).every(({ fits }) => fits),
  );
  const refusing = rules.find(
    ({ rule }) => isSet(rule.refuse) || (rule.allow !== undefined && !isAllowed(rule.allow, target)),
  );
  const refusal = decision.refusal ?? (refusing && refusalBy(refusing, target));
  return {
    rules,
    warnings: rules.flatMap(({ rule }) =>
      isSet(rule.warn) ? [{ rule: rule.name, message: warningText(rule) }] : [],
    ),
    // A repository can have nothing kept, even if its file should say so.
    auditFull: rules.some(({ rule, origin }) => rule.audit === "full" && origin !== "repository"),
    redact: rules.some(({ rule }) => rule.redact === true),
    ...(refusal ? { refusal } : {}),
  };
}

/** The names that go into the request's record: what refused it alone, else everything that applied. */
export function policyRuleText(
  decision: Pick<PolicyDecision, "refusal" | "rules">,
  target?: TargetDecision,
): string | undefined {
  const refusal = target?.refusal ?? decision.refusal;
  if (refusal) return refusal.rule ?? `(${refusal.origin})`;
  const names = (target ?? decision).rules.map(({ rule }) => rule.name);
  return names.length > 0 ? [...new Set(names)].join(", ").slice(0, MAX_RECORDED) : undefined;
}

function refusalBy({ rule, origin }: AppliedRule, target?: PolicyTarget): PolicyRefusal {
  const by = `The policy rule "${rule.name}" of ${ORIGIN_NAME[origin]}`;
  if (isSet(rule.refuse)) {
    const reason = typeof rule.refuse === "string" ? `: ${rule.refuse}` : ".";
    const where = target && rule.when.providerClass !== undefined ? ` to ${target.provider}` : "";
    return { rule: rule.name, origin, message: `${by} refuses this request${where}${reason}` };
  }
  const allowed = rule.allow?.length ? `allows only ${rule.allow.join(", ")}` : "allows no provider";
  const asked = target ? `, not ${target.provider}/${target.model}` : "";
  return { rule: rule.name, origin, message: `${by} ${allowed} here${asked}.` };
}

function warningText({ warn, name }: PolicyRule): string {
  return typeof warn === "string" ? warn : `The policy rule "${name}" applies.`;
}

function isSet(effect: boolean | string | undefined): boolean {
  return effect !== undefined && effect !== false;
}
