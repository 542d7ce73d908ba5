export { counted } from "../../core/governance/limitText";
/** A count in few characters: 950, 34.5k, 1.2M. */
export function shortCount(value: number): string {
  if (value < 1000) return String(value);
  // 999500 would round to "1000k".
  if (value < 999_500) return `${oneDecimal(value / 1000)}k`;
  return `${oneDecimal(value / 1_000_000)}M`;
}

function oneDecimal(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
}
