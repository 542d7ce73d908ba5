/** Levenshtein distance of two short texts: how many characters must be added, removed or changed. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The ids nearest to what was asked for, best first; ids that share nothing with it are left out. */
export function nearestIds(wanted: string, ids: readonly string[], most = 3): string[] {
  const asked = wanted.toLowerCase().slice(0, 100);
  const limit = Math.max(3, Math.min(20, Math.floor(asked.length * 0.6)));
  const scored = ids.map((id) => {
    const known = id.toLowerCase();
    const tail = known.slice(known.indexOf("/") + 1);
    if (known.includes(asked) || asked.includes(tail))
      return { id, score: Math.abs(tail.length - asked.length) === 0 ? 0 : 2 };
    // What differs by more characters than the limit cannot be nearer than it; there may be thousands of ids.
    const near = [known, tail].filter((text) => Math.abs(text.length - asked.length) <= limit);
    return {
      id,
      score: Math.min(...near.map((text) => editDistance(asked, text)), Number.POSITIVE_INFINITY),
    };
  });
  return scored
    .filter(({ score }) => score <= limit)
    .sort((a, b) => a.score - b.score)
    .slice(0, most)
    .map(({ id }) => id);
}
