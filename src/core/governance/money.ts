const MICRO = 1_000_000;

/** US dollars as millionths, which are integers. */
export function microUsdOf(usd: number): number {
  return Math.round(usd * MICRO);
}

/**
 * An amount for people: whole cents from a dollar on, below that as many digits as tell it from nothing. What is less
 * than a millionth is not kept.
 */
export function formatUsd(microUsd: number): string {
  const sign = microUsd < 0 ? "-" : "";
  const amount = Math.abs(microUsd);
  if (amount === 0) return "$0.00";
  if (amount >= MICRO / 10) return `${sign}$${cents(amount)}`;
  const digits = amount >= 1000 ? 4 : 6;
  return `${sign}$${(amount / MICRO).toFixed(digits).replace(/(\.\d\d.*?)0+$/, "$1")}`;
}

function cents(microUsd: number): string {
  return (microUsd / MICRO).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
