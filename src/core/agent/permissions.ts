import type { PermissionQuestion } from "./contract";

/** What is allowed without being asked about. */
export interface PermissionRules {
  /** Reading in the folder; elsewhere it is always asked about. */
  readonly read: boolean;
  /** Changing files in the folder; elsewhere it is always asked about. */
  readonly edit: boolean;
  /** Commands; they can do anything that the person can. */
  readonly command: boolean;
}

export const ASK_ALWAYS: PermissionRules = { read: false, edit: false, command: false };

/** Whether the rules allow something; what they do not allow is for the person to say. */
export function isAllowed(question: PermissionQuestion, rules: PermissionRules): boolean {
  switch (question.kind) {
    case "read":
      return rules.read && question.inside;
    case "edit":
      return rules.edit && question.inside && !question.guarded;
    case "command":
      return rules.command;
    default:
      return false;
  }
}

/** The rules with everything of a question's kind allowed from now on; undefined where that cannot be said. */
export function allowingAllLike(
  question: PermissionQuestion,
  rules: PermissionRules,
): PermissionRules | undefined {
  if (question.kind === "read" && question.inside) return { ...rules, read: true };
  if (question.kind === "edit" && question.inside && !question.guarded) return { ...rules, edit: true };
  if (question.kind === "command") return { ...rules, command: true };
  return undefined;
}

/** What is wanted, in a line. Whatever the model wrote stands in it as it is, but on one line and not without end. */
export function questionText(question: PermissionQuestion): string {
  switch (question.kind) {
    case "read":
      return `Read ${shown(question.path)}${whereText(question)}`;
    case "edit":
      return `${editText(question)}${whereText(question)}`;
    case "command":
      return `Run ${shown(question.command, 600)}`;
    case "url":
      return `Fetch ${shown(question.url)}`;
    case "other":
      return shown(question.what);
  }
}

function editText({ path, from, deletes }: Extract<PermissionQuestion, { kind: "edit" }>): string {
  if (from !== undefined) return `Move ${shown(from)} to ${shown(path)}`;
  return `${deletes ? "Delete" : "Change"} ${shown(path)}`;
}

/** What is special about where a file is; empty where nothing is. */
export function whereText({
  inside,
  guarded,
}: {
  readonly inside: boolean;
  readonly guarded?: boolean;
}): string {
  if (guarded) return " (programs run what is there)";
  return inside ? "" : " (outside of the folder)";
}

/** Control characters could hide a part of it. */
function shown(text: string, most = 300): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  if (line.length <= most) return line;
  // What a long command ends in matters as much as how it begins.
  return `${line.slice(0, most / 2)} … (${line.length} characters in all) … ${line.slice(-most / 2)}`;
}
