import type { Effort } from "../conversation/request";
import type { DatedPrice, ModelRecord, PriceRecord, ProviderRecord, RateRecord } from "./catalogueData";
import { type FactName, type FactSource, type FactValues, type ModelFacts, NO_FACTS } from "./facts";
import { withoutRegion, withoutVariant } from "./modelName";
import { NameIndex } from "./nameIndex";
import type { ModelPrice, Rates } from "./price";

/** What the catalogue has of one provider. */
export class CatalogueShelf {
  readonly alsoSells: readonly string[];
  private readonly addresses: readonly string[];
  private readonly prices = new NameIndex<PriceRecord>();
  private readonly models = new NameIndex<ModelRecord>();

  constructor(
    record: ProviderRecord,
    private readonly sources: readonly string[],
  ) {
    this.addresses = record.addresses;
    this.alsoSells = record.alsoSells ?? [];
    for (const price of record.prices) for (const name of price.n) this.prices.add(name, price);
    for (const [name, model] of Object.entries(record.models)) this.models.add(name, model);
  }

  /** Whether a provider's address is one of its. */
  isAt(url: URL): boolean {
    return this.addresses.some((address) => {
      const slash = address.indexOf("/");
      const host = slash < 0 ? address : address.slice(0, slash);
      const path = slash < 0 ? "/" : `${address.slice(slash)}/`;
      const sameHost = /^[.-]/.test(host) ? url.hostname.endsWith(host) : url.hostname === host;
      return sameHost && `${url.pathname}/`.startsWith(path);
    });
  }

  /**
   * What a model can. A router's variant and a region's name are of the same model.
   * @returns no facts where the name is not known
   */
  abilities(name: string): ModelFacts {
    const lower = name.toLowerCase();
    const record =
      this.models.find(lower) ??
      this.models.find(withoutRegion(lower)) ??
      this.models.find(withoutVariant(lower));
    return record === undefined ? NO_FACTS : this.factsOf(record);
  }

  /** The price under that very name, as it is in force at a moment in milliseconds since the epoch. */
  price(name: string, at: number): { readonly price: ModelPrice; readonly source: FactSource } | undefined {
    const record = this.prices.find(name);
    const dated = record?.p.findLast((price) => isInForce(price, new Date(at)));
    return dated && { price: priceOf(dated), source: this.source(record?.s ?? 0) };
  }

  private factsOf({ c, s, o, f, e }: ModelRecord): ModelFacts {
    const values: FactValues = {
      ...(c === undefined ? {} : { contextWindow: c }),
      ...(o === undefined ? {} : { maxOutput: o }),
      ...(e === undefined ? {} : { efforts: e as readonly Effort[] }),
      ...abilitiesOf(f),
    };
    const named = Object.keys(values).map((name): [FactName, FactSource] => [
      name as FactName,
      this.source(name === "contextWindow" ? (s ?? 1) : 1),
    ]);
    return { ...values, sources: Object.fromEntries(named) };
  }

  private source(index: number): FactSource {
    return `catalogue ${this.sources[index] ?? ""}`;
  }
}

/** Without letters nothing is known; what is listed as a model that answers is known in all three. */
function abilitiesOf(letters: string | undefined): FactValues {
  if (letters === undefined) return {};
  if (letters.includes("e")) return { embeddings: true, tools: false, images: false, reasoning: false };
  return {
    tools: letters.includes("t"),
    images: letters.includes("i"),
    reasoning: letters.includes("r"),
    embeddings: false,
  };
}

function isInForce({ from, daily }: DatedPrice, at: Date): boolean {
  const [day = "", time = ""] = at.toISOString().split("T");
  if (from !== undefined && day < from) return false;
  const [start = "", end = ""] = daily ?? [];
  if (daily === undefined) return true;
  return start <= end ? time >= start && time < end : time >= start || time < end;
}

function priceOf(dated: DatedPrice): ModelPrice {
  const tiers = dated.t?.map(({ above, ...rates }) => ({ aboveInput: above, ...ratesOf(rates) }));
  return {
    ...ratesOf(dated),
    ...(dated.r === undefined ? {} : { perRequest: dated.r }),
    ...(tiers === undefined ? {} : { tiers }),
  };
}

function ratesOf({ i, c, w, h, o }: RateRecord): Rates {
  return {
    ...(i === undefined ? {} : { input: i }),
    ...(c === undefined ? {} : { cachedInput: c }),
    ...(w === undefined ? {} : { cacheWrite: w }),
    ...(h === undefined ? {} : { cacheWrite1h: h }),
    ...(o === undefined ? {} : { output: o }),
  };
}
