import type { Strategy } from "../config/schema";
import type { FactValues } from "../models/facts";

/** A model that is there, as far as a proposal goes by it. */
export interface ProposableModel {
  /** `provider/model`. */
  readonly address: string;
  readonly facts: FactValues;
  /** Served by this machine itself. */
  readonly local: boolean;
  /** Served by a cloud under a company's own contract. */
  readonly companyCloud: boolean;
}

/** A route that a person may adopt as it is. */
export interface ReadyRoute {
  readonly name: string;
  readonly strategy: Strategy;
  /** One sentence: what it is for and by what its models were chosen. */
  readonly why: string;
  /** The targets, best first; empty where nothing fits. Never anything but addresses that were given. */
  readonly targets: readonly string[];
  /** One sentence: what would have to be there; undefined where something fits. */
  readonly missing?: string;
}

interface Recipe {
  readonly name: string;
  readonly strategy: Strategy;
  readonly why: string;
  readonly missing: string;
  fits(model: ProposableModel): boolean;
  /** The lower, the earlier. */
  rank(model: ProposableModel): readonly number[];
  /** How many of one provider: a fallback at the same provider helps little. */
  readonly ofOneProvider: number;
}

const MOST_TARGETS = 4;
/** US dollars for a million output tokens. */
const CHEAP = 5;
const DEAR = 30;
/** Tokens that an agent's instructions, tools and some files take. */
const FOR_CODE = 128_000;
/** Tokens of a long text. */
const FOR_TEXT = 8_000;

const outputPrice = ({ facts }: ProposableModel): number | undefined => facts.price?.output;
const isPaid = (model: ProposableModel): boolean => !model.local && outputPrice(model) !== undefined;
const below = (model: ProposableModel, limit: number): boolean => (outputPrice(model) ?? Infinity) <= limit;
const rising = (value: number | undefined): number => value ?? Infinity;
const falling = (value: number | undefined): number => -(value ?? 0);
const yesFirst = (value: boolean | undefined): number => (value === true ? 0 : value === undefined ? 1 : 2);

/**
 * By facts alone, never by what a name sounds like. The price of output stands for a model's size: nothing else that
 * is known of models does, and what it is taken for is said to the person.
 */
const RECIPES: readonly Recipe[] = [
  {
    name: "fast",
    strategy: "least-latency",
    why: `Small models, at most $${CHEAP} per million output tokens; the one that has answered fastest lately is asked first.`,
    missing: `A model on another machine whose price is known and at most $${CHEAP} per million output tokens.`,
    fits: (model) => isPaid(model) && below(model, CHEAP),
    rank: (model) => [yesFirst(model.facts.tools), rising(outputPrice(model))],
    ofOneProvider: 2,
  },
  {
    name: "code",
    strategy: "fallback",
    why: `Models that reason, call tools and take ${FOR_CODE / 1000}k tokens or more, up to $${DEAR} per million output tokens; the dearest first.`,
    missing: `A model known to reason, to call tools and to take ${FOR_CODE / 1000}k tokens.`,
    fits: (model) =>
      isPaid(model) &&
      below(model, DEAR) &&
      model.facts.reasoning === true &&
      model.facts.tools === true &&
      (model.facts.contextWindow ?? 0) >= FOR_CODE,
    rank: (model) => [falling(outputPrice(model)), falling(model.facts.contextWindow)],
    ofOneProvider: 1,
  },
  {
    name: "creative",
    strategy: "weighted",
    why: `Large models that can write ${FOR_TEXT / 1000}k tokens at once, up to $${DEAR} per million output tokens; conversations are spread over them.`,
    missing: `A model whose price is known, up to $${DEAR} per million output tokens, and that is known to write ${FOR_TEXT / 1000}k tokens at once.`,
    fits: (model) => isPaid(model) && below(model, DEAR) && (model.facts.maxOutput ?? 0) >= FOR_TEXT,
    rank: (model) => [falling(outputPrice(model)), falling(model.facts.maxOutput)],
    ofOneProvider: 1,
  },
  {
    name: "local",
    strategy: "fallback",
    why: "Models that this machine serves itself, so that nothing leaves it; those that call tools first.",
    missing: "A provider on this machine, such as Ollama or LM Studio, with a model.",
    fits: ({ local }) => local,
    rank: ({ facts }) => [yesFirst(facts.tools), falling(facts.contextWindow)],
    ofOneProvider: MOST_TARGETS,
  },
  {
    name: "enterprise",
    strategy: "fallback",
    why: "Models of clouds that companies have a contract with (Azure, Amazon Bedrock, Google Vertex AI); those that reason and call tools first.",
    missing: "A provider of type Azure, or one at Amazon Bedrock or Google Vertex AI, with a model.",
    fits: ({ companyCloud }) => companyCloud,
    rank: (model) => [
      yesFirst(model.facts.tools),
      yesFirst(model.facts.reasoning),
      falling(outputPrice(model)),
    ],
    ofOneProvider: 2,
  },
];

/** The ready routes, each with the targets that are proposed from the models that are there. */
export function readyRoutes(models: readonly ProposableModel[]): ReadyRoute[] {
  const answering = models.filter(({ facts }) => facts.embeddings !== true);
  return RECIPES.map(({ name, strategy, why, missing, ...recipe }) => {
    const targets = chosen(answering, recipe);
    return { name, strategy, why, targets, ...(targets.length === 0 ? { missing } : {}) };
  });
}

function chosen(
  models: readonly ProposableModel[],
  { fits, rank, ofOneProvider }: Pick<Recipe, "fits" | "rank" | "ofOneProvider">,
): string[] {
  const taken = new Map<string, number>();
  const ranked = models
    .filter(fits)
    .map((model) => ({ address: model.address, rank: rank(model) }))
    .sort((one, other) => compared(one.rank, other.rank));
  return ranked
    .filter(({ address }) => {
      const provider = address.slice(0, address.indexOf("/"));
      const count = (taken.get(provider) ?? 0) + 1;
      taken.set(provider, count);
      return count <= ofOneProvider;
    })
    .slice(0, MOST_TARGETS)
    .map(({ address }) => address);
}

function compared(one: readonly number[], other: readonly number[]): number {
  for (const [index, value] of one.entries()) {
    const against = other[index] ?? 0;
    if (value !== against) return value < against ? -1 : 1;
  }
  return 0;
}
