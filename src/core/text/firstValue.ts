/** The value of a header as Node gives it: of one that came several times, the first. */
export function firstValue(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
