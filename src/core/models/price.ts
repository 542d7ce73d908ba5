/**
 * US dollars per million tokens, as the decimal numbers that a price list shows: 0.075, never 0.07500000000000001.
 * That many dollars a million tokens are as many micro-dollars a token. What is absent is not known.
 */
export interface Rates {
  readonly input?: number;
  /** Input that was read from the provider's cache. */
  readonly cachedInput?: number;
  /** Input that was written to the cache, for its usual time (Anthropic: 5 minutes). */
  readonly cacheWrite?: number;
  /** Input that was written to the cache for an hour. */
  readonly cacheWrite1h?: number;
  readonly output?: number;
}

/** What a whole request costs, all its kinds of tokens, if its input (cached or not) has more tokens than `aboveInput`. */
export interface PriceTier extends Rates {
  readonly aboveInput: number;
}

/** A model's price as it is in force at one moment. */
export interface ModelPrice extends Rates {
  /** Long contexts, in rising order. */
  readonly tiers?: readonly PriceTier[];
  /** US dollars for each request, beside its tokens. */
  readonly perRequest?: number;
}

/**
 * The rates of a request: of the highest tier that its input reaches.
 * @param inputTokens all input tokens, those from and to the cache among them
 */
export function ratesFor(price: ModelPrice, inputTokens: number): Rates {
  return price.tiers?.findLast(({ aboveInput }) => inputTokens > aboveInput) ?? price;
}

/**
 * A price by the token, as providers write it in their lists, as one by the million tokens. The decimal point is
 * moved in the text: multiplying would turn 0.0000006 into 0.6 only nearly.
 * @returns undefined for what is no price; negative ones mean "it depends" at OpenRouter
 */
export function perMillion(perToken: unknown): number | undefined {
  const value = typeof perToken === "string" && perToken.trim() !== "" ? Number(perToken) : perToken;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return undefined;
  const [mantissa, exponent = "0"] = String(value).split("e");
  return Number(`${mantissa}e${Number(exponent) + 6}`);
}
