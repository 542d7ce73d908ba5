/** Whether this is the long form of the suite, `npm run soak`. */
export const soak = process.env.POSTERN_SOAK !== undefined;

/** How much of something, in the short form and in the long one. */
export function amount(short: number, long: number): number {
  return soak ? long : short;
}
