import type { EngineProvider } from "../config/engineConfig";
import type { WireProtocol } from "../protocols/wire";
import { quirksOf } from "../providers/quirks";
import { preferredProtocol } from "../providers/spoken";
import { translateRequest } from "../translation";
import type { PaidProbe } from "./probes";

/** A probe's request, as the provider takes it. */
export interface ProbeRequest {
  readonly protocol: WireProtocol;
  /** What the provider calls the model; on Azure, the deployment. */
  readonly model: string;
  /** JSON. */
  readonly body: string;
}

export const PROBE_TOOL = "report_status";

/** Enough to see that it works. A model that reasons needs room for that before its first word. */
const MAX_TOKENS: Record<PaidProbe, number> = { answer: 16, stream: 64, tools: 256 };
const MAX_TOKENS_REASONING = 1024;

const ASKED: Record<PaidProbe, string> = {
  answer: "Reply with the single word: ok",
  // Long enough that it comes in several pieces where it is streamed.
  stream: "Count from 1 to 20, one number a line, nothing else.",
  tools: `Call the tool ${PROBE_TOOL} with the status "ok".`,
};

/**
 * The smallest request that shows whether a model answers, streams or calls a tool.
 * @param forced whether the tool must be called; some models and servers take no such demand
 */
export function probeRequest(
  { config }: EngineProvider,
  probe: PaidProbe,
  modelId: string,
  forced = true,
): ProbeRequest {
  const protocol = preferredProtocol(config);
  const model = config.models?.find(({ id }) => id === modelId)?.deployment ?? modelId;
  const { reasons } = quirksOf(config, protocol, modelId);
  const body = {
    model: modelId,
    messages: [{ role: "user", content: ASKED[probe] }],
    max_tokens: reasons && protocol !== "messages" ? MAX_TOKENS_REASONING : MAX_TOKENS[probe],
    ...(probe === "stream" ? { stream: true } : {}),
    ...(probe === "tools" ? { tools: [TOOL], tool_choice: forced ? FORCED : "auto" } : {}),
  };
  const translated = translateRequest({
    from: "chat",
    to: protocol,
    body,
    model,
    modelId,
    headers: {},
    provider: config,
    ...(config.extraBody ? { extraBody: config.extraBody } : {}),
  });
  return { protocol, model, body: translated.body };
}

const TOOL = {
  type: "function",
  function: {
    name: PROBE_TOOL,
    description: "Reports a status.",
    parameters: {
      type: "object",
      properties: { status: { type: "string" } },
      required: ["status"],
      additionalProperties: false,
    },
  },
};
const FORCED = { type: "function", function: { name: PROBE_TOOL } };
