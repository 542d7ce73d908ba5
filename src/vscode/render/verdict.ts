/** What a person would change after a test or a call that failed; undefined where it may only have to be tried again. */
export type Concern = "key" | "address";

const ADDRESS = /\baddress\b|nothing answers|was not found|no connection|TLS check|closed the connection/i;

/** Reads off the engine's sentence what it is about. */
export function concernOf(verdict: string): Concern | undefined {
  if (/\bkey\b/i.test(verdict)) return "key";
  return ADDRESS.test(verdict) ? "address" : undefined;
}

/** The engine's sentence without the provider's name in front, where it stands beside the name anyway. */
export function withoutName(sentence: string, id: string): string {
  const prefix = `Provider "${id}": `;
  return sentence.startsWith(prefix) ? sentence.slice(prefix.length) : sentence;
}

/** The engine's verdict on a provider as a sentence that stands by itself. */
export function verdictSentence(verdict: string, id: string): string {
  const text = withoutName(verdict, id);
  // An address stays as it is.
  return /^[a-z]+[ ,:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
