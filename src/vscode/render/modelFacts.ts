import type { FactName, FactSource, FactValues, ModelFacts } from "../../core/models/facts";
import type { Rates } from "../../core/models/price";
import { escapeMarkdown } from "./markdown";
import { shortCount } from "./numbers";

/** What a model can, in the order in which it is said. */
const ABILITIES: readonly (readonly [name: FactName, short: string, long: string])[] = [
  ["tools", "tools", "calls tools"],
  ["images", "images", "reads images"],
  ["reasoning", "reasoning", "reasons"],
  ["structuredOutput", "schemas", "answers by a JSON Schema"],
  ["embeddings", "embeddings", "makes embeddings"],
];

/** What is known of a model in few words, for a narrow row: `400k · $1.25/$10 · tools, images`. Empty where nothing is. */
export function shortFacts(facts: FactValues): string {
  const { contextWindow, price, premiumMultiplier } = facts;
  const able = ABILITIES.filter(([name]) => facts[name] === true).map(([, short]) => short);
  return [
    contextWindow === undefined ? "" : shortCount(contextWindow),
    price === undefined ? "" : shortPrice(price),
    premiumMultiplier === undefined ? "" : premiumMultiplier === 0 ? "free" : `${premiumMultiplier}× premium`,
    able.join(", "),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The same for somebody who hears it. */
export function spokenFacts(facts: FactValues): string {
  const { contextWindow, price, premiumMultiplier } = facts;
  const rates = [
    price?.input === undefined ? "" : `${amount(price.input)} dollars in`,
    price?.output === undefined ? "" : `${amount(price.output)} dollars out`,
  ].filter(Boolean);
  return [
    contextWindow === undefined ? "" : `context of ${count(contextWindow)} tokens`,
    rates.length === 0 ? "" : `${rates.join(" and ")} per million tokens`,
    premiumMultiplier === undefined ? "" : premiumText(premiumMultiplier),
    ...ABILITIES.filter(([name]) => facts[name] === true).map(([, , long]) => long),
  ]
    .filter(Boolean)
    .join(", ");
}

/** A Markdown table of everything that is known, each line with its source; empty where nothing is. */
export function factsTable(facts: ModelFacts): string {
  const lines: (readonly [string, string, FactName])[] = [];
  if (facts.contextWindow !== undefined)
    lines.push(["Context window", `${count(facts.contextWindow)} tokens`, "contextWindow"]);
  if (facts.maxOutput !== undefined)
    lines.push(["Longest answer", `${count(facts.maxOutput)} tokens`, "maxOutput"]);
  for (const [name, , long] of ABILITIES) {
    if (facts[name] === undefined || (name === "embeddings" && facts[name] === false)) continue;
    lines.push([sentence(long), facts[name] ? "yes" : "no", name]);
  }
  if (facts.efforts !== undefined) lines.push(["Efforts", facts.efforts.join(", ") || "none", "efforts"]);
  const { price } = facts;
  if (price !== undefined) {
    lines.push(["Price per million tokens", rateList(price), "price"]);
    for (const tier of price.tiers ?? [])
      lines.push([`Above ${count(tier.aboveInput)} input tokens`, rateList(tier), "price"]);
    if (price.perRequest !== undefined) lines.push(["Per request", dollars(price.perRequest), "price"]);
  }
  if (facts.premiumMultiplier !== undefined)
    lines.push(["A request counts as", premiumText(facts.premiumMultiplier), "premiumMultiplier"]);
  if (lines.length === 0) return "";
  const rows = lines.map(([what, value, name]) => {
    const cells = [what, value, sourceText(facts.sources[name])].map(escapeMarkdown);
    return `| ${cells.join(" | ")} |`;
  });
  return ["| | | from |", "| --- | --- | --- |", ...rows].join("\n");
}

function premiumText(multiplier: number): string {
  if (multiplier === 0) return "no premium request: free with the subscription";
  return `${amount(multiplier)} premium request${multiplier === 1 ? "" : "s"}`;
}

function sourceText(source: FactSource | undefined): string {
  if (source === "config") return "your settings";
  return source === "provider" ? "the provider" : (source ?? "");
}

/** `$3/$15`, in and out per million tokens; empty where it is not known. */
export function shortPrice({ input, output }: Rates): string {
  if (input === undefined) return "";
  if (input === 0 && output === 0) return "free";
  return output === undefined ? dollars(input) : `${dollars(input)}/${dollars(output)}`;
}

const RATE_NAMES: readonly (readonly [keyof Rates, string])[] = [
  ["input", "in"],
  ["cachedInput", "cached"],
  ["cacheWrite", "cache write"],
  ["cacheWrite1h", "cache write for an hour"],
  ["output", "out"],
];

function rateList(rates: Rates): string {
  return RATE_NAMES.flatMap(([name, text]) => {
    const rate = rates[name];
    return rate === undefined ? [] : [`${dollars(rate)} ${text}`];
  }).join(", ");
}

/** `$3`, `$2.50`, `$0.075`: as price lists write it, and never rounded. */
export function dollars(value: number): string {
  return `$${amount(value)}`;
}

function amount(value: number): string {
  return value.toLocaleString("en-US", {
    minimumFractionDigits: Number.isInteger(value) ? 0 : 2,
    maximumFractionDigits: 12,
    useGrouping: false,
  });
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
