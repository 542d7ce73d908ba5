/** Which family a model belongs to decides which parameters its maker refuses. */
export const isGpt5Like = (model: string): boolean => /^(gpt-5|gpt-6|o\d)/.test(model);
/** Models that take `medium` and no other verbosity. */
export const hasOneVerbosity = (model: string): boolean => /^gpt-4|^gpt-5[\d.]*-codex/.test(model);
export const isGpt4oLike = (model: string): boolean => /^gpt-4/.test(model);

/** Claude's version as a number (4.5); undefined for what is no Claude. */
export function claudeVersion(model: string): number | undefined {
  const found = /^claude-[a-z]+-(\d+)(?:-(\d)(?!\d))?/.exec(model);
  return found ? Number(`${found[1]}.${found[2] ?? 0}`) : undefined;
}
