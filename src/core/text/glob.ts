/**
 * A pattern for model ids, paths and addresses, in which `*` stands for any characters. Everything else stands for
 * itself; case counts.
 */
export interface Glob {
  readonly pattern: string;
  /** Whether there is a `*` in it at all. */
  readonly isWild: boolean;
  matches(text: string): boolean;
}

/** Matching is by pieces, not by a regular expression, so that no pattern can make it slow. */
export function glob(pattern: string): Glob {
  const pieces = pattern.split("*");
  return { pattern, isWild: pieces.length > 1, matches: (text) => matchesPieces(pieces, text) };
}

function matchesPieces(pieces: readonly string[], text: string): boolean {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (pieces.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
