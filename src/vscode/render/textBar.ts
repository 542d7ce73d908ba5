const CELLS = 10;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/**
 * A bar drawn in text, ten cells wide, filled as far as something is used. What is used at all shows, and what is not
 * used up does not look as if it were.
 * @param used 0 to 1, what is beyond counts as 1
 */
export function textBar(used: number): string {
  const share = Math.min(1, Math.max(0, used));
  let eighths = Math.round(share * CELLS * 8);
  if (share > 0) eighths = Math.max(1, eighths);
  if (share < 1) eighths = Math.min(CELLS * 8 - 1, eighths);
  const full = Math.floor(eighths / 8);
  const part = EIGHTHS[eighths % 8] ?? "";
  return `${"█".repeat(full)}${part}`.padEnd(CELLS, "░");
}

/** Whole percent; not 100 before it is, and not 0 after it was. */
export function percentText(share: number): string {
  const bounded = Math.min(1, Math.max(0, share));
  const percent = Math.round(bounded * 100);
  if (bounded > 0 && percent === 0) return "<1 %";
  if (bounded < 1 && percent === 100) return ">99 %";
  return `${percent} %`;
}
