/**
 * The catalogue as `npm run catalogue` writes it to `data/catalogue.json`: letters for names, because it ships. Where
 * `s` is absent, a price is of the first source and what a model can of the second.
 */
export interface CatalogueData {
  /** Name, version and release date of the packages that the data is from. */
  readonly sources: readonly string[];
  readonly providers: Readonly<Record<string, ProviderRecord>>;
}

export interface ProviderRecord {
  /** A host, the `.suffix` or `-suffix` of hosts, or a host with the beginning of a path. */
  readonly addresses: readonly string[];
  /** Providers whose models it has at their makers' prices. */
  readonly alsoSells?: readonly string[];
  readonly prices: readonly PriceRecord[];
  readonly models: Readonly<Record<string, ModelRecord>>;
}

export interface PriceRecord {
  /** Names of the model. */
  readonly n: readonly string[];
  /** The last that is in force counts. */
  readonly p: readonly DatedPrice[];
  /** Index of the source. */
  readonly s?: number;
}

/** Rates in US dollars per million tokens: input, cached input, cache write, one-hour cache write, output. */
export interface RateRecord {
  readonly i?: number;
  readonly c?: number;
  readonly w?: number;
  readonly h?: number;
  readonly o?: number;
}

export interface DatedPrice extends RateRecord {
  /** US dollars for each request, beside its tokens. */
  readonly r?: number;
  /** Rates of a whole request with more input tokens than `above`, in rising order. */
  readonly t?: readonly (RateRecord & { readonly above: number })[];
  /** In force from this day on, YYYY-MM-DD in UTC. */
  readonly from?: string;
  /** In force between these times of each day, HH:MM in UTC. */
  readonly daily?: readonly string[];
}

export interface ModelRecord {
  /** Context window, in tokens, and the index of its source. */
  readonly c?: number;
  readonly s?: number;
  /** Longest answer, in tokens. */
  readonly o?: number;
  /** Letters: t calls tools, i reads images, r reasons, e makes embeddings. */
  readonly f?: string;
  /** The efforts it takes. */
  readonly e?: readonly string[];
}
