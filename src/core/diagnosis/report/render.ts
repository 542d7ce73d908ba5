import { AREAS, type Check } from "./checks";
import type { DiagnosisInputs } from "./inputs";
import { type Private, scrubbed } from "./scrub";

const LEVEL: Record<Check["level"], string> = {
  ok: "ok",
  info: "note",
  warning: "**warning**",
  problem: "**problem**",
};

/** A diagnosis as a page of Markdown, without secrets, ready to be pasted into an issue. */
export function renderReport(
  { takenAt, surroundings, engine }: DiagnosisInputs,
  checks: readonly Check[],
  hidden: Private,
): string {
  const { postern, vscode, node, system, host } = surroundings;
  // Before anything is escaped, and once more over the whole.
  const shown = (text: string): string => plain(scrubbed(text, hidden));
  const facts = engine.kind === "running" ? engine.facts : undefined;
  const versions = [
    facts && facts.version !== postern ? `Postern ${postern}, engine ${facts.version}` : `Postern ${postern}`,
    `VS Code ${vscode} (${host})`,
    facts ? `Node ${node}, the engine's ${facts.node}` : `Node ${node}`,
    system,
  ];
  const lines = [
    "# Postern: Diagnosis",
    "",
    `${summary(checks)} Taken ${new Date(takenAt).toISOString()}.`,
    "",
    "Keys, tokens, headers and the queries of addresses are left out. The ids and hosts of your providers are in it: look it over before you share it.",
    "",
    "## Versions",
    "",
    ...versions.map((text) => `- ${shown(text)}`),
  ];
  for (const area of AREAS) {
    const own = checks.filter((check) => check.area === area);
    if (own.length === 0) continue;
    lines.push("", `## ${area}`, "", ...own.map(({ level, text }) => `- ${LEVEL[level]}: ${shown(text)}`));
  }
  if (facts && facts.log.length > 0) {
    const entries = facts.log.map(
      ({ time, level, message }) =>
        `${new Date(time).toISOString()} ${level} ${oneLine(scrubbed(message, hidden))}`,
    );
    lines.push("", "## The engine's latest warnings and errors", "", "```text", ...entries, "```");
  }
  return `${scrubbed(lines.join("\n"), hidden)}\n`;
}

/** "2 problems, 1 warning." */
export function summary(checks: readonly Check[]): string {
  const count = (level: Check["level"], noun: string): string[] => {
    const number = checks.filter((check) => check.level === level).length;
    return number === 0 ? [] : [`${number} ${noun}${number === 1 ? "" : "s"}`];
  };
  const found = [...count("problem", "problem"), ...count("warning", "warning")];
  return found.length === 0 ? "No problems found." : `${found.join(", ")}.`;
}

/** What a provider or a setting is called must be no markup in somebody's issue. */
function plain(text: string): string {
  return oneLine(text)
    .replace(/[\\<>`*_|[\]]/g, "\\$&")
    .replace(/@(?=\w)/g, "@\u200b");
}

/** A fence in a log line would end the block. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").replaceAll("```", "'''");
}
