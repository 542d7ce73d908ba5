// Prices: from genai-prices' records to ours, see src/core/models/catalogueData.ts for what the letters mean.

/** Their unit of a price, in US dollars per million tokens, and ours. */
const RATES = {
  input_mtok: "i",
  cache_read_mtok: "c",
  cache_write_mtok: "w",
  cache_write_1h_mtok: "h",
  output_mtok: "o",
};

/** Units that make a request's price more than its tokens in four kinds; the price is not given then. */
const NOT_CARRIED = ["output_reasoning_mtok", "output_citation_mtok"];

/**
 * @param models genai-prices' models of one provider
 * @param sold those of others that it sells at their price
 * @param {{ names: string[], prices: object[] }[]} costs from pi-ai; used for models that genai-prices lacks, since
 *   they know no price for one-hour cache writes, no dates and no times of day
 */
export function priceRecords(models, sold, costs) {
  const records = recordsOf(models);
  const known = new Set([...records, ...recordsOf(sold)].flatMap(({ n }) => n.map(undated)));
  const more = costs.filter(({ names }) => !names.some((name) => known.has(undated(name))));
  return [...records, ...more.map(({ names, prices }) => ({ n: names, p: prices, s: 1 }))];
}

function undated(name) {
  return name.replace(/[-@]20\d{2}-?\d{2}-?\d{2}(?=$|-v\d)/, "").replace(/-v\d+(:\d+)?$/, "");
}

function recordsOf(models) {
  return models.flatMap((model) => {
    const dated = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
    if (dated.some(({ prices }) => NOT_CARRIED.some((unit) => prices[unit] !== undefined))) return [];
    const prices = dated.map(({ prices, constraint }) => ({ ...validity(constraint), ...ratesOf(prices) }));
    // Free models and those that are paid by the hour or page have no price by token.
    if (prices.some((price) => price.i === undefined)) return [];
    return [
      { n: [...new Set([model.id, ...namesIn(model.match)].map((name) => name.toLowerCase()))], p: prices },
    ];
  });
}

function validity(constraint) {
  if (constraint === undefined) return {};
  if (constraint.type === "start_date") return { from: constraint.start_date };
  return { daily: [constraint.start_time, constraint.end_time].map((time) => /^\d\d:\d\d/.exec(time)[0]) };
}

function ratesOf(prices) {
  const starts = new Set();
  for (const unit of Object.keys(RATES)) for (const { start } of prices[unit]?.tiers ?? []) starts.add(start);
  const at = (tokens) =>
    Object.fromEntries(
      Object.entries(RATES).flatMap(([unit, letter]) => {
        const price = rateAt(prices[unit], tokens);
        return price === undefined ? [] : [[letter, price]];
      }),
    );
  const tiers = [...starts].sort((a, b) => a - b).map((start) => ({ above: start, ...at(start) }));
  const request = prices.requests_kcount;
  return {
    ...at(-1),
    // Theirs is for a thousand requests.
    ...(typeof request === "number" ? { r: Number((request / 1000).toFixed(9)) } : {}),
    ...(tiers.length > 0 ? { t: tiers } : {}),
  };
}

/** A rate above a number of tokens; -1: its base. */
function rateAt(price, tokens) {
  if (price === undefined || typeof price === "number") return price;
  const reached = price.tiers.filter(({ start }) => start <= tokens);
  return reached.length === 0 ? price.base : reached.sort((a, b) => a.start - b.start).at(-1).price;
}

/**
 * The names in a matching rule. Its patterns are not taken over: "begins with claude-sonnet-5" would also be true of a
 * later claude-sonnet-5-5.
 */
function namesIn(rule) {
  const [[kind, value]] = Object.entries(rule);
  if (kind === "or" || kind === "and") return value.flatMap(namesIn);
  if (kind === "regex") return [];
  return /[a-z0-9]$/i.test(value) ? [value] : [];
}
