import type { PolicyWarning } from "../../core/rpc/audit";

/**
 * A rule's warning as a notification. VS Code makes links of `[text](address)` in it, commands among them, and the
 * text may be a repository's: so no bracket is followed by a parenthesis.
 */
export function policyWarningText({ rule, message, caller }: PolicyWarning): string {
  return `Policy "${plain(rule)}", for ${plain(caller)}: ${plain(message)}`;
}

function plain(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, " ")
    .replaceAll("](", "] (")
    .trim();
}
