/**
 * Globs without regular expressions: patterns may come from a repository, and one with many stars must not cost more
 * than its length times the text's.
 */

/** Whether a text fits a pattern: `*` stands for any characters, `?` for one. Everything else is itself. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let wanted = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (pattern[wanted] === "*") {
      star = wanted++;
      resume = at;
    } else if (wanted < pattern.length && (pattern[wanted] === "?" || pattern[wanted] === text[at])) {
      wanted++;
      at++;
    } else if (star >= 0) {
      wanted = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[wanted] === "*") wanted++;
  return wanted === pattern.length;
}

/**
 * Whether a path, or a folder above it, fits a pattern: `*` and `?` stay within a segment, `**` stands for any number
 * of segments.
 */
export function matchesPath(pattern: string, path: string): boolean {
  const wanted = segmentsOf(pattern);
  const given = segmentsOf(path);
  // reachable[i]: the pattern's segments so far fit the first i of the path.
  let reachable = new Array<boolean>(given.length + 1).fill(false);
  reachable[0] = true;
  for (const segment of wanted) {
    const next = new Array<boolean>(given.length + 1).fill(false);
    for (let i = 0; i <= given.length; i++) {
      if (segment === "**") next[i] = reachable[i] === true || (i > 0 && next[i - 1] === true);
      else if (i > 0) next[i] = reachable[i - 1] === true && matchesGlob(segment, given[i - 1] ?? "");
    }
    reachable = next;
  }
  return wanted.length > 0 && reachable.includes(true);
}

function segmentsOf(path: string): string[] {
  return path.split(/[\\/]+/).filter((segment) => segment !== "");
}
