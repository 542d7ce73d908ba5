import { asObject, nonEmpty } from "../json/access";
import type { FactValues } from "./facts";
import { FACT_NAMES } from "./facts";
import type { ListedModel } from "./listedModel";
import { gemini } from "./lists/makers";
import { at, type Entry } from "./lists/read";
import { liteLlm, lmStudio, ollama } from "./lists/servers";
import { listIn } from "./modelList";

/** A question to a provider beside its models list. */
export interface DetailsRequest {
  /** From the root of its address. */
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly body?: string;
  /** The header that takes an API key there, where it is another than for requests. */
  readonly keyHeader?: string;
  /** Facts by model id; none where the answer says nothing that is understood. */
  readonly read: (answer: unknown) => ReadonlyMap<string, FactValues>;
}

/** LiteLLM gives every model the same date. */
const LITELLM_CREATED = 1677610602;
const MOST_SHOWN = 200;

/**
 * What else to ask a provider that tells more in an address of its own: Ollama, LM Studio, LiteLLM and Gemini. Who it
 * is, its list says. Each group is asked until one of it answers.
 * @param answer the models list as it came
 */
export function detailsRequests(
  baseUrl: string,
  answer: unknown,
  listed: readonly ListedModel[],
): readonly (readonly DetailsRequest[])[] {
  const url = new URL(baseUrl);
  const entries = (listIn(answer) ?? []).map(asObject);
  const all = (fits: (entry: Entry) => boolean) => entries.length > 0 && entries.every(fits);
  if (url.hostname === "generativelanguage.googleapis.com")
    return [
      [
        {
          ...get("/v1beta/models?pageSize=1000"),
          keyHeader: "x-goog-api-key",
          read: byId("name", gemini),
        },
      ],
    ];
  if (all(({ owned_by }) => owned_by === "organization_owner"))
    return [
      [
        { ...get("/api/v1/models"), read: byId("key", lmStudio) },
        { ...get("/api/v0/models"), read: byId("id", lmStudio) },
      ],
    ];
  if (url.port === "11434" || entries.some(({ owned_by }) => owned_by === "library"))
    return listed.slice(0, MOST_SHOWN).map(({ id }) => [
      {
        path: "/api/show",
        method: "POST",
        body: JSON.stringify({ model: id }),
        read: (shown) => new Map([[id, ollama(asObject(shown))]]),
      },
    ]);
  if (all(({ created }) => created === LITELLM_CREATED)) {
    const folder = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
    return [[{ ...get(`${folder}/model/info`), read: byId("model_name", liteLlm) }]];
  }
  return [];
}

/** Adds to a list what has been found out; where both say something, the more particular answer counts. */
export function withDetails(
  listed: readonly ListedModel[],
  details: ReadonlyMap<string, FactValues>,
): ListedModel[] {
  return listed.map((model) => ({ ...model, facts: { ...model.facts, ...details.get(model.id) } }));
}

const get = (path: string) => ({ path, method: "GET" }) as const;

function byId(member: string, read: (entry: Entry) => FactValues): DetailsRequest["read"] {
  return (answer) => {
    const facts = new Map<string, FactValues>();
    for (const entry of (listIn(answer) ?? []).map(asObject)) {
      const id = nonEmpty(at(entry, member))?.replace(/^models\//, "");
      if (id === undefined) continue;
      const found = read(entry);
      // LiteLLM may have several deployments behind a name, of which any may answer.
      const before = facts.get(id);
      facts.set(id, before === undefined ? found : agreed(before, found));
    }
    return facts;
  };
}

function agreed(one: FactValues, other: FactValues): FactValues {
  const same = FACT_NAMES.filter((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
  return Object.fromEntries(same.flatMap((name) => (one[name] === undefined ? [] : [[name, one[name]]])));
}
