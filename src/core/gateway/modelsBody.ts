import type { WireProtocol } from "../protocols/wire";

/** A model as the gateway lists it. */
export interface OfferedModel {
  readonly id: string;
  readonly providerId: string;
  readonly name?: string;
}

/** `GET /v1/models`, in Anthropic's shape for Anthropic's clients and in OpenAI's for all others. */
export function modelsBody(protocol: WireProtocol, models: readonly OfferedModel[]): string {
  if (protocol === "messages") {
    const data = models.map(anthropicModel);
    return JSON.stringify({
      data,
      has_more: false,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    });
  }
  return JSON.stringify({ object: "list", data: models.map(openAiModel) });
}

/** `GET /v1/models/{id}`. */
export function modelBody(protocol: WireProtocol, model: OfferedModel): string {
  return JSON.stringify(protocol === "messages" ? anthropicModel(model) : openAiModel(model));
}

// Neither shape may lack a date, and no provider's list gives one in common: the epoch says "unknown".
function openAiModel({ id, providerId }: OfferedModel) {
  return { id, object: "model", created: 0, owned_by: providerId };
}

function anthropicModel({ id, name }: OfferedModel) {
  return { type: "model", id, display_name: name ?? id, created_at: "1970-01-01T00:00:00Z" };
}
