import * as z from "zod";

/** A tool as MCP's `tools/list` tells of it: https://modelcontextprotocol.io/specification/2025-06-18/server/tools */
export interface ToolDefinition {
  readonly name: ToolName;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: { readonly type: "object"; readonly [key: string]: unknown };
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint?: boolean;
    readonly openWorldHint: boolean;
  };
}

export type ToolName = "chat" | "list_models" | "get_quota";

/** What `chat` takes; anything else is refused, since what is not known here would be left out silently. */
export const chatArguments = z.strictObject({
  model: z.string().trim().min(1),
  prompt: z.string().min(1),
  system: z.string().optional(),
  temperature: z.number().min(0).max(2).optional(),
  max_tokens: z.number().int().positive().optional(),
});
export type ChatArguments = z.infer<typeof chatArguments>;

export const noArguments = z.strictObject({});

export const TOOLS: readonly ToolDefinition[] = [
  {
    name: "chat",
    title: "Ask a model",
    description:
      "Ask a language model through Postern and get its answer as text. Each call stands by itself: the model sees nothing of earlier calls. It may cost money or a premium request; list_models says which.",
    inputSchema: {
      type: "object",
      properties: {
        model: { type: "string", description: "A model id of list_models, such as provider/model." },
        prompt: { type: "string", description: "What to say to the model." },
        system: { type: "string", description: "Instructions that stand above the prompt." },
        temperature: { type: "number", minimum: 0, maximum: 2 },
        max_tokens: { type: "integer", minimum: 1, description: "The longest answer, in tokens." },
      },
      required: ["model", "prompt"],
      additionalProperties: false,
    },
    // It costs, and sends the prompt to a provider: a client is to ask the person first.
    annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
  },
  {
    name: "list_models",
    title: "List models",
    description:
      "The models that may be used here, with their limits and prices in US dollars per million tokens, whether they are free or cost premium requests, and by which multiplier. What is not said is not known.",
    inputSchema: { type: "object", properties: {}, additionalProperties: false },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  {
    name: "get_quota",
    title: "Get quotas and budgets",
    description:
      "What may still be used: budgets and rates of this gateway key, and what providers have said of their own limits.",
    inputSchema: { type: "object", properties: {}, additionalProperties: false },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
];
