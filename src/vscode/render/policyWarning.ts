import type { PolicyWarning } from "../../core/rpc/audit";

/** A rule's warning as a notification. */
export function policyWarningText({ rule, message, caller }: PolicyWarning): string {
  return `Policy "${plain(rule)}", for ${plain(caller)}: ${plain(message)}`;
}

/**
 * A text of somebody else's for a notification. VS Code makes links of `[text](address)` in it, commands among them, so
 * no bracket is followed by a parenthesis.
 */
export function plain(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .replaceAll("](", "] (")
    .trim();
}
