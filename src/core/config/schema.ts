import * as z from "zod";

/**
 * The one configuration schema (design, section 4): VS Code's settings `postern.*` and the headless file
 * have the same shape. Unknown fields are refused, so a part that this version does not build is never
 * silently ignored.
 */

const text = z.string().trim().min(1, "must not be empty");

export const modelSchema = z
  .strictObject({
    id: text.describe("The model's id as the provider knows it."),
    name: text.optional().describe("A name to show instead of the id."),
    deployment: text
      .optional()
      .describe("Azure: the deployment that serves this model, where its name differs from the id."),
    contextWindow: z.int().positive().optional().describe("Context window in tokens."),
    maxOutput: z.int().positive().optional().describe("Largest answer in tokens."),
    tools: z.boolean().optional().describe("Whether the model can call tools."),
    images: z.boolean().optional().describe("Whether the model can read images."),
    reasoning: z.boolean().optional().describe("Whether the model reasons before it answers."),
  })
  .describe("A model of the provider.");

export const providerSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, '.', '_' or '-'")
      .describe("A short name of your own; clients address a model as id/model."),
    name: text.optional().describe("A name to show instead of the id."),
    type: z
      .enum(["openai", "azure", "anthropic"])
      .describe(
        "openai: OpenAI and every compatible endpoint. azure: Azure OpenAI and Foundry. anthropic: the Messages API.",
      ),
    wireApi: z
      .enum(["completions", "responses"])
      .default("completions")
      .describe("Which of OpenAI's APIs the provider is spoken to in: Chat Completions or Responses."),
    baseUrl: text.describe("The provider's address; with or without /v1 or a trailing slash."),
    apiKey: text
      .optional()
      .describe(
        "Only as ${env:NAME}: the environment variable that holds the key. A key itself belongs in the secret storage: use 'Postern: Set Key'.",
      ),
    bearerToken: text.optional().describe("Only as ${env:NAME}: a bearer token, sent instead of the key."),
    azure: z
      .strictObject({
        apiVersion: text
          .optional()
          .describe(
            "Set: the deployments routes with this api-version. Unset: the versionless /openai/v1 routes.",
          ),
      })
      .optional(),
    headers: z
      .record(
        z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "is not a header name"),
        z.string().regex(/^[^\r\n\0]*$/, "must be one line"),
      )
      .optional()
      .describe("Headers to send with every request; values may be ${env:NAME}."),
    extraBody: z
      .record(z.string(), z.json())
      .optional()
      .describe("Fields added to every request body that does not have them already."),
    models: z
      .array(modelSchema)
      .optional()
      .describe("The provider's models. Left out: they are asked from the provider."),
    enabled: z.boolean().default(true).describe("Whether requests may go to this provider."),
  })
  .describe("A model provider.");

export const gatewayKeySchema = z
  .strictObject({
    name: text.describe("Which tool or person the gateway key is for."),
    key: text.describe("Only as ${env:NAME}: the environment variable that holds the gateway key."),
    enabled: z.boolean().default(true).describe("Whether the gateway key is accepted."),
  })
  .describe("A gateway key: what a tool sends to be let in.");

export const gatewaySchema = z.strictObject({
  host: text
    .default("127.0.0.1")
    .describe("Address the gateway listens on. Anything but loopback opens it to the network."),
  port: z
    .int()
    .min(0)
    .max(65535)
    .default(4141)
    .describe("Port the gateway listens on; 0 takes any free one."),
  maxRunning: z
    .int()
    .min(1)
    .max(100_000)
    .default(512)
    .describe("Requests that may run at once; more are asked to come again in a second."),
  keys: z
    .array(gatewayKeySchema)
    .default([])
    .describe("Gateway keys from the environment, beside those made by 'Postern: New Gateway Key'."),
});

export const configSchema = z.strictObject({
  providers: z.array(providerSchema).default([]).describe("Your model providers."),
  gateway: gatewaySchema.prefault({}),
  dataDir: text.optional().describe("Folder for what the engine keeps; relative to the configuration file."),
});

export type ModelConfig = z.output<typeof modelSchema>;
export type ProviderConfig = z.output<typeof providerSchema>;
export type ProviderType = ProviderConfig["type"];
export type GatewayKeyConfig = z.output<typeof gatewayKeySchema>;
export type GatewayConfig = z.output<typeof gatewaySchema>;
export type Config = z.output<typeof configSchema>;
