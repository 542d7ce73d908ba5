import type { Sampling, Usage } from "../conversation/usage";
import { type ModelPrice, type Rates, ratesFor } from "../models/price";
import { OPENROUTER_HOSTS } from "./balances";
import type { Basis, RequestCost } from "./requestRecord";

/** What a request's tokens cost with a model, and where that is known from. */
export interface Priced {
  readonly price: ModelPrice;
  /** `config`, `provider`, or a catalogue with its date. */
  readonly source: string;
}

/** By whom a request was answered, as far as it matters to money. */
export interface Biller {
  readonly baseUrl: string;
}

/** Decimals of a rate that are exact: a rate is in micro-dollars a token, so this is a quintillionth of a dollar. */
const DECIMALS = 12;
const UNIT = 10n ** BigInt(DECIMALS);
const MICRO = 1_000_000;

/** Half the listed rates: https://developers.openai.com/api/docs/pricing (Batch, Flex), https://platform.claude.com/docs/en/about-claude/pricing (Batch). */
const HALF_PRICE: Readonly<Record<string, readonly string[]>> = {
  "api.openai.com": ["flex", "batch"],
  "api.anthropic.com": ["batch"],
};

/** What is known of Anthropic's fees beside the tokens: https://platform.claude.com/docs/en/about-claude/pricing */
const FEE_HOST = "api.anthropic.com";
/** US dollars for each. */
const FEES: Readonly<Record<string, number>> = { web_search_requests: 0.01 };
/** What the tokens' rates are multiplied by, in hundredths. */
const FACTORS: Readonly<Record<string, bigint>> = { "inference_geo us": 110n };

/**
 * What a request has cost, to the micro-dollar: exact arithmetic, rounded half up once. What the provider charged by
 * its own account comes before any arithmetic of ours.
 *
 * Undefined where it is not known: no price, or none for a kind of tokens that was used. Where cached tokens have no
 * rate of their own they are taken at the input's, and where a service tier has no known rates, at the listed ones;
 * the cost is then estimated, as it is where the usage is. So it is where something was billed beside the tokens whose
 * fee is not known, and is not in it, and where another model took part whose price is not known: the asked one's stands
 * in.
 *
 * @param usage the tokens; the cached and the written ones are among the input
 * @param basis how the usage is known
 * @param pricedOther what another model of the same provider costs, by the id that the provider names it with
 */
export function costOf(
  usage: Usage,
  basis: Basis,
  priced: Priced | undefined,
  biller: Biller,
  pricedOther: (model: string) => Priced | undefined = () => undefined,
): RequestCost | undefined {
  const { reportedUsd } = usage;
  if (reportedUsd !== undefined && OPENROUTER_HOSTS.some((host) => isHost(biller, host)))
    return { microUsd: rounded(scaled(reportedUsd) * BigInt(MICRO), UNIT), basis, priceSource: "provider" };
  if (!priced) return undefined;
  const bill = new Bill();
  const sources = new Set<string>();
  const samplings: readonly Sampling[] = usage.samplings ?? [usage];
  for (const { model, ...sampling } of samplings) {
    const other = model === undefined ? undefined : pricedOther(model);
    if (model !== undefined && other === undefined) bill.isEstimated = true;
    const { price, source } = other ?? priced;
    chargeTokens(bill, sampling, price);
    sources.add(source);
  }
  bill.add(scaled(priced.price.perRequest ?? 0) * BigInt(MICRO));
  if (bill.amount === undefined) return undefined;
  const tier = tierOf(usage.serviceTier, biller);
  const beside = besideTokens(usage.extras ?? {}, biller);
  const amount = (bill.amount * beside.hundredths) / (tier === "half" ? 2n : 1n) + beside.fees * 100n;
  const estimated = bill.isEstimated || tier === "unknown" || !beside.isWhole;
  return {
    microUsd: rounded(amount, UNIT * 100n),
    basis: estimated ? "estimated" : basis,
    priceSource: [...sources].join(", "),
  };
}

interface BesideTokens {
  /** In 10^-12 of a micro-dollar. */
  readonly fees: bigint;
  /** What the tokens' rates are multiplied by, in hundredths. */
  readonly hundredths: bigint;
  /** Nothing was billed beside whose fee is not known. */
  readonly isWhole: boolean;
}

function besideTokens(extras: NonNullable<Usage["extras"]>, biller: Biller): BesideTokens {
  let fees = 0n;
  let hundredths = 100n;
  let isWhole = true;
  const areKnown = isHost(biller, FEE_HOST);
  for (const [name, count] of Object.entries(extras)) {
    const fee = areKnown ? FEES[name] : undefined;
    const factor = areKnown ? FACTORS[name] : undefined;
    if (fee !== undefined) fees += scaled(fee) * BigInt(MICRO) * BigInt(count);
    else if (factor !== undefined) hundredths = (hundredths * factor) / 100n;
    else isWhole = false;
  }
  return { fees, hundredths, isWhole };
}

function chargeTokens(bill: Bill, usage: Usage, price: ModelPrice): void {
  const { inputTokens = 0, cachedInputTokens: cached = 0, cacheWriteTokens: written = 0 } = usage;
  const rates = ratesFor(price, inputTokens);
  const hour = Math.min(usage.cacheWrite1hTokens ?? 0, written);
  // Some vendors report more cached tokens than tokens.
  bill.charge(rates, Math.max(0, inputTokens - cached - written), "input");
  bill.charge(rates, cached, "cachedInput", "input");
  bill.charge(rates, written - hour, "cacheWrite", "input");
  bill.charge(rates, hour, "cacheWrite1h", "cacheWrite", "input");
  bill.charge(rates, usage.outputTokens ?? 0, "output");
}

class Bill {
  /** In 10^-12 of a micro-dollar; undefined once something has no price. */
  amount: bigint | undefined = 0n;
  isEstimated = false;

  /** @param names the kind of the tokens, and what stands in for its rate where it has none */
  charge(rates: Rates, tokens: number, ...names: (keyof Rates)[]): void {
    if (tokens === 0) return;
    const known = names.findIndex((name) => rates[name] !== undefined);
    const rate = rates[names[known] ?? "input"];
    if (known < 0 || rate === undefined) this.amount = undefined;
    else this.add(scaled(rate) * BigInt(tokens));
    if (known > 0) this.isEstimated = true;
  }

  add(more: bigint): void {
    if (this.amount !== undefined) this.amount += more;
  }
}

function tierOf(tier: string | undefined, biller: Biller): "listed" | "half" | "unknown" {
  if (tier === undefined) return "listed";
  const halved = Object.entries(HALF_PRICE).some(
    ([host, tiers]) => isHost(biller, host) && tiers.includes(tier),
  );
  return halved ? "half" : "unknown";
}

function isHost({ baseUrl }: Biller, host: string): boolean {
  return URL.canParse(baseUrl) && new URL(baseUrl).hostname === host;
}

/** A decimal as it is written, times 10^12, without a detour over binary fractions. */
function scaled(decimal: number): bigint {
  const [mantissa = "0", exponent = "0"] = String(decimal).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const shift = DECIMALS + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
}

/** Half up, of what is not negative. */
function rounded(amount: bigint, unit: bigint): number {
  return Number((amount + unit / 2n) / unit);
}
