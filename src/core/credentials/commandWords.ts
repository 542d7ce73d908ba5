/** What a person has typed as a command, word by word; or what is wrong with it. */
export type CommandWords =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly fault: string };

/**
 * Splits a command as a person would write it in a terminal, with quotes around words that have spaces. No shell will
 * read it, so what only a shell would understand is refused rather than handed over as it stands.
 */
export function commandWords(text: string): CommandWords {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const character of text.trim()) {
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if ("|&;<>`$(){}".includes(character)) {
      const fault = `No shell reads it, so ${character} would mean nothing. Put it into quotes, or into a script of your own.`;
      return { ok: false, fault };
    } else word = (word ?? "") + character;
  }
  if (quote !== undefined) return { ok: false, fault: "A quote is not closed." };
  if (word !== undefined) words.push(word);
  if (words.length === 0) return { ok: false, fault: "Enter the program and its arguments." };
  if (words.some((part) => part === "")) return { ok: false, fault: "A part of it is empty." };
  return { ok: true, words };
}
