import type { Check } from "./conditions";
import type { ExplainedRule, PolicyExplanation } from "./explain";
import { ORIGIN_NAME } from "./sources";

const CONDITION_NAME: Record<Check["condition"], string> = {
  workspace: "workspace",
  remote: "git remote",
  trusted: "trusted",
  label: "label",
  task: "task",
  providerClass: "provider class",
  secrets: "secrets",
};

/** An explanation as lines of plain text: the verdict first, then the rules that applied, then those that did not. */
export function explanationLines(explanation: PolicyExplanation): readonly string[] {
  const { rules } = explanation;
  const applying = rules.filter(({ applies }) => applies);
  const others = rules.filter(({ applies }) => !applies);
  return [
    ...verdictLines(explanation),
    "",
    "The request",
    ...factLines(explanation),
    "",
    applying.length > 0 ? "Rules that apply" : "No rule applies.",
    ...applying.flatMap(ruleLines),
    ...(others.length > 0 ? ["", "Rules that do not apply", ...others.flatMap(ruleLines)] : []),
  ];
}

function verdictLines({ decision, target, targetDecision }: PolicyExplanation): string[] {
  const refusal = targetDecision?.refusal ?? decision.refusal;
  if (refusal) return [`Refused. ${refusal.message}`];
  const where = target ? ` to ${target.provider}/${target.model}` : "";
  const lines = [`Sent${where}.`];
  if (decision.route)
    lines.push(`Served by ${decision.route.name} instead of what was asked for ("${decision.route.rule}").`);
  if (!targetDecision) return lines;
  if (targetDecision.redact) lines.push("Secrets are taken out first.");
  if (targetDecision.auditFull) lines.push("The whole request and answer are kept.");
  for (const { message, rule } of targetDecision.warnings) lines.push(`Warning ("${rule}"): ${message}`);
  return lines;
}

function factLines({ facts, target }: PolicyExplanation): string[] {
  const labels = Object.entries(facts.labels).map(([name, value]) => `${name}=${value}`);
  const secrets =
    facts.secrets === undefined ? "could not be looked for" : facts.secrets.join(", ") || "none";
  const rows: readonly (readonly [string, string])[] = [
    ["workspace", facts.workspace ?? "unknown"],
    ["git remote", facts.remote ?? "unknown"],
    ["trusted", facts.trusted === undefined ? "unknown" : facts.trusted ? "yes" : "no"],
    ["labels", labels.join(", ") || "none"],
    ["task", facts.tasks.join(", ") || "none"],
    ["secrets", secrets],
    ["target", target ? `${target.provider}/${target.model} (${target.providerClass})` : "not known"],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(11)} ${value}`);
}

function ruleLines({ name, origin, checks, effects }: ExplainedRule): string[] {
  return [
    `  "${name}" of ${ORIGIN_NAME[origin]}: ${effects.join(", ")}`,
    ...(checks.length === 0 ? ["    applies to every request"] : checks.map(checkLine)),
  ];
}

function checkLine({ condition, fits, wanted, had }: Check): string {
  return `    ${fits ? "fits   " : "differs"} ${CONDITION_NAME[condition]}: wants ${wanted}; the request has ${had}`;
}
