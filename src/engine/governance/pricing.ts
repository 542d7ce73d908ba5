import type { Usage } from "../../core/conversation/usage";
import type { Caller } from "../../core/governance/caller";
import { costOf, type Priced } from "../../core/governance/cost";
import { estimateMaximum, usageToCharge } from "../../core/governance/estimate";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { asObject } from "../../core/json/access";
import type { ModelFacts } from "../../core/models/facts";
import type { Operation } from "../../core/providers/endpoint";
import type { ProviderRegistry } from "../providers/providerRegistry";
import type { ClientBody } from "../relay/clientBody";
import { member } from "../relay/clientBody";
import type { RelayOutcome } from "../relay/relayOutcome";
import type { Target } from "../relay/target";
import type { RequestEstimate } from "./governor";
import { mediaBytesIn } from "./mediaBytes";

/** What clients call the longest answer that they allow, in each protocol and its older forms. */
const MAX_TOKENS = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/** Prices change, but not from one request to the next. */
const FRESH_MS = 10_000;
const MAX_MODELS = 1_000;

/** Conversations whose length is remembered; of older ones what a request says itself is all that is known. */
const MAX_KEPT = 10_000;

/** What is to be estimated. */
interface Estimated {
  readonly operation: Operation;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly caller: Caller;
}

/** What requests cost, by what is known of their models. */
export class Pricing {
  private readonly recent = new Map<
    string,
    { readonly at: number; readonly facts: ModelFacts | undefined }
  >();

  /** Tokens of conversations that providers keep; the order of insertion is the order of use. */
  private readonly kept = new Map<string, number>();

  constructor(private readonly registry: ProviderRegistry) {}

  /** The registry has been configured anew, or has learnt of models. */
  forget(): void {
    this.recent.clear();
  }

  /** US dollars for a million tokens, input and output together; undefined where the price is not known. */
  perMillion({ provider, model }: Pick<Target, "provider" | "model">, at: number): number | undefined {
    const price = this.factsOf(provider.config.id, model.id, at)?.price;
    if (price?.input === undefined || price.output === undefined) return undefined;
    return price.input + price.output;
  }

  /** The most that a request may come to at a target. */
  estimate(
    body: ClientBody,
    { provider, model }: Target,
    { operation, at, caller }: Estimated,
  ): RequestEstimate {
    const facts = this.factsOf(provider.config.id, model.id, at);
    const mediaBytes = mediaBytesIn(body.bytes);
    const limits = MAX_TOKENS.flatMap((name) => positive(member(body, name)) ?? []);
    const { inputTokens: sent, outputTokens: longest } = estimateMaximum({
      requestBytes: body.bytes.length - mediaBytes,
      mediaBytes,
      answers: positive(member(body, "n")) ?? 1,
      // Which of several a provider goes by is its own business.
      ...(limits.length > 0 ? { maxTokens: Math.max(...limits) } : {}),
      ...(facts?.maxOutput === undefined ? {} : { modelMaxOutput: facts.maxOutput }),
    });
    const { contextWindow = Number.POSITIVE_INFINITY } = facts ?? {};
    // What is brought in is as long as it was told to be, but nothing is read beyond the window.
    const inputTokens = Math.max(
      sent,
      Math.min(sent + this.keptTokens(body, provider, caller), contextWindow),
    );
    // A vector is no output, and has no price.
    const outputTokens = operation === "embeddings" ? 0 : longest;
    const priced = this.priced(provider.config.id, model.id, at);
    const usage = { inputTokens, outputTokens, ...cacheWrites(body.bytes, inputTokens) };
    const cost = costOf(usage, "estimated", priced, provider.config);
    return {
      inputTokens,
      maxOutputTokens: outputTokens,
      ...(cost === undefined ? {} : { microUsd: cost.microUsd, priceSource: cost.priceSource }),
      ...(facts?.premiumMultiplier === undefined ? {} : { premiumRequests: facts.premiumMultiplier }),
    };
  }

  /**
   * Notes how long a conversation is that a provider keeps, for requests that go on with it and send only what is new.
   * @param keptAs by what it can be gone on with
   */
  remember(keptAs: readonly string[], record: RequestRecord, { provider }: Target): void {
    const { usage, usageBasis, caller } = record;
    if (usage === undefined || usageBasis !== "reported") return;
    for (const id of keptAs) {
      const key = keptKey(provider, caller, id);
      this.kept.delete(key);
      this.kept.set(key, (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0));
      const oldest = this.kept.keys().next();
      if (this.kept.size > MAX_KEPT && !oldest.done) this.kept.delete(oldest.value);
    }
  }

  /** Tokens of what a request brings in by an id; 0 where that is nothing, or not known. */
  private keptTokens(body: ClientBody, provider: Target["provider"], caller: Caller): number {
    const conversation = member(body, "conversation");
    const ids = [member(body, "previous_response_id"), conversation, asObject(conversation).id];
    const lengths = ids.map((id) =>
      typeof id === "string" ? (this.kept.get(keptKey(provider, caller, id)) ?? 0) : 0,
    );
    return Math.max(...lengths);
  }

  /** The row of a request that a provider has answered, with what it is charged for. */
  charged(record: RequestRecord, outcome: RelayOutcome, body: ClientBody, target: Target): RequestRecord {
    const good = outcome.status >= 200 && outcome.status < 300;
    // A refusal costs nothing, nor does one who left before a provider had begun.
    if (!good && outcome.usage === undefined) return record;
    // It goes on at the provider when this answer has ended: what was set aside stands in, the most it can come to.
    if (outcome.usage === undefined && runsInBackground(record, body)) return record;
    const mediaBytes = outcome.usage === undefined ? mediaBytesIn(body.bytes) : 0;
    const { usage: charged, basis } = usageToCharge(outcome.usage, outcome.end === "complete", {
      requestBytes: body.bytes.length - mediaBytes,
      mediaBytes,
      keptTokens: this.keptTokens(body, target.provider, record.caller),
      streamedChars: outcome.streamedChars,
    });
    const { config } = target.provider;
    const { premiumRequests: reported, samplings: _, extras: __, inFields: ___, ...usage } = charged;
    // One that went out and was not reported on counts as one that a person has asked.
    const premium = reported ?? this.factsOf(config.id, target.model.id, record.startedAt)?.premiumMultiplier;
    const priced = (model: string) => this.priced(config.id, model, record.startedAt);
    const cost = costOf(charged, basis, priced(target.model.id), config, priced);
    return {
      ...record,
      usage,
      usageBasis: basis,
      ...(cost === undefined ? {} : { cost }),
      ...(premium === undefined
        ? {}
        : { premiumRequests: premium, premiumBasis: reported === undefined ? "estimated" : "reported" }),
    };
  }

  private factsOf(providerId: string, modelId: string, at: number): ModelFacts | undefined {
    const key = `${providerId}/${modelId}`;
    const known = this.recent.get(key);
    if (known && Math.abs(at - known.at) < FRESH_MS) return known.facts;
    if (this.recent.size >= MAX_MODELS) this.recent.clear();
    const facts = this.registry.model(providerId, modelId, at)?.facts;
    this.recent.set(key, { at, facts });
    return facts;
  }

  private priced(providerId: string, modelId: string, at: number): Priced | undefined {
    const facts = this.factsOf(providerId, modelId, at);
    const source = facts?.sources.price;
    return facts?.price && source !== undefined ? { price: facts.price, source } : undefined;
  }
}

/** Of each caller apart: nobody else is to learn that there is such a conversation. */
function keptKey({ config }: Target["provider"], { kind, name }: Caller, id: string): string {
  return JSON.stringify([config.id, kind, name, id]);
}

/** Of what is marked for a prompt cache, all may be written to it, which costs more than reading it. */
function cacheWrites(bytes: Buffer, inputTokens: number): Usage {
  if (!bytes.includes('"cache_control"')) return {};
  return {
    cacheWriteTokens: inputTokens,
    ...(bytes.includes('"1h"') ? { cacheWrite1hTokens: inputTokens } : {}),
  };
}

function runsInBackground({ protocolOut }: RequestRecord, body: ClientBody): boolean {
  return protocolOut === "responses" && member(body, "background") === true;
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}
