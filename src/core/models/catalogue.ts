import type { CatalogueData } from "./catalogueData";
import { CatalogueShelf } from "./catalogueShelf";
import { type FactName, type ModelFacts, NO_FACTS } from "./facts";
import { plainName, withoutRegion } from "./modelName";

/** A model as it is looked up. */
export interface CatalogueQuery {
  /** Where the provider is. */
  readonly baseUrl: string;
  /** As the provider knows it. */
  readonly modelId: string;
  /** The person's word for what it is: `gpt-4o`, or `openai/gpt-4o`. */
  readonly baseModel?: string | undefined;
  /** For which moment, in milliseconds since the epoch: prices change. */
  readonly at: number;
}

/**
 * Makers whose models nobody else has: whoever offers one passes on to its maker. What such a model can is the same
 * everywhere; how much it takes and what it costs is not.
 */
const MAKERS: readonly (readonly [ids: RegExp, shelf: string])[] = [
  [/^claude-/, "anthropic"],
  [/^(?:gpt-(?!oss)|chatgpt-|o\d|codex-)/, "openai"],
  [/^gemini-/, "google"],
  [/^grok-/, "x-ai"],
];

/** What is the same wherever a model is served. */
const EVERYWHERE: readonly FactName[] = ["tools", "images", "reasoning", "efforts", "embeddings"];

/** What maintained lists say of models, by who serves them. Unknown is answered where it is not certain. */
export class Catalogue {
  private readonly shelves: ReadonlyMap<string, CatalogueShelf>;

  constructor(data: CatalogueData) {
    this.shelves = new Map(
      Object.entries(data.providers).map(([id, record]) => [id, new CatalogueShelf(record, data.sources)]),
    );
  }

  /** What is known of a model; no facts where nothing is. */
  facts({ baseUrl, modelId, baseModel, at }: CatalogueQuery): ModelFacts {
    const own = this.shelfAt(baseUrl);
    if (baseModel !== undefined) return this.named(baseModel, own, at);
    if (own !== undefined) return this.sold(modelId, own, at);
    return only(EVERYWHERE, this.made(modelId)?.abilities ?? NO_FACTS);
  }

  /** A model of a provider that the catalogue knows. */
  private sold(modelId: string, own: string, at: number): ModelFacts {
    const shelves = [own, ...(this.shelves.get(own)?.alsoSells ?? [])];
    const slash = modelId.indexOf("/");
    // Vertex, and gateways before Azure, put the maker before the name.
    const names =
      slash > 0 && shelves.includes(modelId.slice(0, slash))
        ? [modelId, modelId.slice(slash + 1)]
        : [modelId];
    return this.onShelves(shelves, names, at);
  }

  /** A model that the person has named: with its maker, or as its provider or its maker calls it. */
  private named(name: string, own: string | undefined, at: number): ModelFacts {
    const found = own === undefined ? NO_FACTS : this.sold(name, own, at);
    if (found !== NO_FACTS) return found;
    const slash = name.indexOf("/");
    const maker = name.slice(0, Math.max(slash, 0));
    if (this.shelves.has(maker)) return this.onShelves([maker], [name.slice(slash + 1)], at);
    const made = this.made(name);
    return made === undefined ? NO_FACTS : this.onShelves([made.shelf], [name], at);
  }

  private onShelves(ids: readonly string[], names: readonly string[], at: number): ModelFacts {
    const shelves = ids.flatMap((id) => this.shelves.get(id) ?? []);
    const tries = shelves.flatMap((shelf) => names.map((name) => ({ shelf, name })));
    const abilities = tries
      .map(({ shelf, name }) => shelf.abilities(name))
      .find((facts) => facts !== NO_FACTS);
    const priced = tries.map(({ shelf, name }) => shelf.price(name, at)).find((found) => found !== undefined);
    if (priced === undefined) return abilities ?? NO_FACTS;
    const { sources, ...values } = abilities ?? NO_FACTS;
    return { ...values, price: priced.price, sources: { ...sources, price: priced.source } };
  }

  /** A model that only its maker has, whoever serves it: `bedrock/us.anthropic.claude-…` too. */
  private made(id: string): { readonly shelf: string; readonly abilities: ModelFacts } | undefined {
    const tail = plainName(id.split("/").at(-1) ?? "");
    const bare = withoutRegion(tail).replace(/^(?:anthropic|openai|google|xai)\.(?=[a-z])/, "");
    const shelf = MAKERS.find(([ids]) => ids.test(bare))?.[1];
    const abilities = shelf === undefined ? undefined : this.shelves.get(shelf)?.abilities(bare);
    return shelf === undefined || abilities === undefined ? undefined : { shelf, abilities };
  }

  private shelfAt(baseUrl: string): string | undefined {
    if (!URL.canParse(baseUrl)) return undefined;
    const url = new URL(baseUrl);
    for (const [id, shelf] of this.shelves) if (shelf.isAt(url)) return id;
    return undefined;
  }
}

function only(names: readonly FactName[], { sources, ...values }: ModelFacts): ModelFacts {
  const kept = <T extends object>(from: T) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name as FactName)));
  return { ...kept(values), sources: kept(sources) };
}
