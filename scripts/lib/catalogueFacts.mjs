// What models can: from pi-ai's records, which it makes from models.dev, and the context windows of genai-prices.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What pi-ai writes where it knows no limit. */
const UNKNOWN_LIMIT = 4096;

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** All chat models of pi-ai: file → models. */
export async function knownModels(folder) {
  const data = join(folder, "dist", "providers", "data");
  const files = (await readdir(data)).filter((file) => /^[a-z].*\.json$/.test(file));
  const entries = await Promise.all(
    files.map(async (file) => {
      const apis = JSON.parse(await readFile(join(data, file), "utf8"));
      const models = Object.values(apis).flatMap((models) => Object.values(models));
      return [file.replace(/\.json$/, ""), models.filter(({ type }) => type === "chat")];
    }),
  );
  return new Map(entries);
}

/**
 * @param {import("./catalogueProviders.mjs").Provider} provider
 * @param {Awaited<ReturnType<typeof knownModels>>} pi
 * @param priced genai-prices' models of the provider
 */
export function capabilitiesOf(provider, pi, priced) {
  const models = {};
  const costs = [];
  const windows = new Map(priced.map(({ id, context_window }) => [id.toLowerCase(), context_window]));
  for (const model of (provider.facts ?? []).flatMap((file) => pi.get(file) ?? [])) {
    const name = model.id.toLowerCase();
    if (models[name] !== undefined) continue;
    const { window, source } = windowOf(model, windows.get(name), pi.get("openrouter") ?? []);
    models[name] = {
      ...(window === undefined ? {} : { c: window, ...(source === 0 ? { s: 0 } : {}) }),
      ...(hasOutputLimit(model) ? { o: model.maxTokens } : {}),
      // It lists only models that call tools.
      f: `t${model.input.includes("image") ? "i" : ""}${model.reasoning ? "r" : ""}`,
      ...effortsOf(model),
    };
    const price = priceOf(model.cost);
    if (price) costs.push({ names: [name], prices: [price] });
  }
  for (const { id, name, context_window, prices } of priced) {
    const key = id.toLowerCase();
    const embeds = /embed/i.test(`${id} ${name ?? ""}`) || provider.id === "voyageai";
    if (models[key] !== undefined || !(context_window || embeds)) continue;
    const takesTokens = !Array.isArray(prices) && prices.input_mtok !== undefined;
    models[key] = {
      ...(context_window ? { c: context_window, s: 0 } : {}),
      ...(embeds && takesTokens ? { f: "e" } : {}),
    };
  }
  return { models, costs };
}

/** As much output as context is no limit of its own. */
function hasOutputLimit({ maxTokens, contextWindow }) {
  return maxTokens > 0 && maxTokens !== UNKNOWN_LIMIT && !(maxTokens >= contextWindow);
}

/**
 * pi-ai cuts some windows down to where a higher price begins; the model's own is in the other package then, or in the
 * entry for OpenRouter.
 */
function windowOf({ id, contextWindow, cost, provider }, other, openRouter) {
  const cut = cost.tiers?.some(({ inputTokensAbove }) => inputTokensAbove === contextWindow);
  const listed = contextWindow > 0 && contextWindow !== UNKNOWN_LIMIT && !cut ? contextWindow : undefined;
  if (other !== undefined && (listed === undefined || other > listed)) return { window: other, source: 0 };
  if (listed !== undefined || !cut) return { window: listed, source: 1 };
  const same = openRouter.find((model) => model.id === `${provider}/${id}`);
  return { window: same && same.contextWindow > contextWindow ? same.contextWindow : undefined, source: 1 };
}

/** The efforts that a model takes, if they are said: null stands for one that it refuses, a text for what is sent. */
function effortsOf({ thinkingLevelMap: map }) {
  if (!map || Object.keys(map).every((level) => level === "off")) return {};
  const usual = ["low", "medium", "high"].filter((level) => map[level] === undefined);
  const named = Object.values(map).filter((value) => EFFORTS.includes(value));
  return { e: EFFORTS.filter((effort) => usual.includes(effort) || named.includes(effort)) };
}

/** A price, where there is one: nothing of theirs says whether 0 means free or unknown. */
function priceOf({ input, output, cacheRead, cacheWrite, tiers = [] }) {
  if (!(input > 0) || !(output > 0)) return undefined;
  const rates = (from) => ({
    i: from.input,
    ...(from.cacheRead > 0 ? { c: from.cacheRead } : {}),
    ...(from.cacheWrite > 0 ? { w: from.cacheWrite } : {}),
    o: from.output,
  });
  const above = tiers.map((tier) => ({ above: tier.inputTokensAbove, ...rates(tier) }));
  return {
    ...rates({ input, output, cacheRead, cacheWrite }),
    ...(above.length > 0 ? { t: above.sort((a, b) => a.above - b.above) } : {}),
  };
}
