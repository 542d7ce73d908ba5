/**
 * Makes text that somebody else chose harmless in Markdown: every punctuation mark is escaped, so that a provider's
 * name or an error text can be neither a link nor an icon nor markup.
 */
export function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[!-/:-@[-`{-~]/g, "\\$&");
}

/** A link that runs a command; the hover has to allow the command by name. */
export function commandLink(label: string, command: string): string {
  return `[${label}](command:${command})`;
}
