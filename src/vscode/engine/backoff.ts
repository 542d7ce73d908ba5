const FIRST_MS = 100;
const CAP_MS = 5000;

/**
 * How long to wait before the next try. Half of it is random, so that several windows that lost the same engine do not
 * all start one in the same moment.
 * @param failures how many tries have failed in a row; none: at once
 * @param random in [0, 1)
 */
export function backoffMs(failures: number, random: number): number {
  if (failures <= 0) return 0;
  const full = Math.min(CAP_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(full / 2 + (full / 2) * random);
}
