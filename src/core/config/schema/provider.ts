import * as z from "zod";
import { credentialSchema } from "./credential";
import { modelOverrideSchema, modelSchema } from "./model";
import { text } from "./text";
import { timeoutsSchema } from "./timeouts";

/** What a connection is made of (RFC 9110, sections 7.2 and 7.6), and what says of what kind a body is. */
const NOT_FOR_KEYS =
  /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-(length|type|encoding)|accept-encoding|anthropic-version)$/i;

export const PROVIDER_TYPES = ["openai", "azure", "anthropic", "copilot"] as const;

export const providerSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, '.', '_' or '-'")
      .describe("A short name of your own; clients address a model as id/model."),
    name: text.optional().describe("A name to show instead of the id."),
    type: z
      .enum(PROVIDER_TYPES)
      .describe(
        "openai: OpenAI and every compatible endpoint. azure: Azure OpenAI and Foundry. anthropic: the Messages API. copilot: a GitHub Copilot subscription.",
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
    authHeader: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "is not a header name")
      .refine((name) => !NOT_FOR_KEYS.test(name), "is not a header that a key can be sent in")
      .optional()
      .describe(
        "The header that carries the key, where it is not the usual one: Authorization (openai), api-key (azure), x-api-key (anthropic).",
      ),
    bearerToken: text.optional().describe("Only as ${env:NAME}: a bearer token, sent instead of the key."),
    credentials: z
      .array(credentialSchema)
      .min(1, "must not be empty; leave it out")
      .max(32)
      .optional()
      .describe(
        "Where the credentials come from, in the order in which they are used; instead of apiKey and bearerToken. Left out: the keys in the secret storage.",
      ),
    azure: z
      .strictObject({
        apiVersion: text
          .optional()
          .describe(
            "Set: the deployments routes with this api-version. Unset: the versionless /openai/v1 routes.",
          ),
      })
      .optional(),
    copilot: z
      .strictObject({
        acceptedTerms: z
          .boolean()
          .optional()
          .describe(
            "That you have read what GitHub's terms say about accounts and automated use; nothing is sent before.",
          ),
        cliPath: text
          .optional()
          .describe("Where the Copilot runtime is, if it is not found by itself: the path of its program."),
      })
      .optional()
      .describe("What is said of a GitHub Copilot subscription."),
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
    extraModels: z.array(modelSchema).optional().describe("Models beside those that the provider lists."),
    modelOverrides: z
      .record(z.string(), modelOverrideSchema)
      .optional()
      .describe(
        "By id, what to change of models: hide, pin or rename them, or correct what is known of them.",
      ),
    runtime: z
      .enum(["ollama", "lmstudio", "foundry-local"])
      .optional()
      .describe(
        "The program on this machine that serves the models. VS Code follows it in baseUrl when its port changes.",
      ),
    allowMetadataAddress: z
      .boolean()
      .optional()
      .describe(
        "Let baseUrl be a link-local address, at which clouds hand out a machine's credentials; never needed for a provider.",
      ),
    timeouts: timeoutsSchema.optional(),
    pool: z
      .enum(["round-robin", "least-used"])
      .optional()
      .describe(
        "How requests are spread over several keys of this provider; round-robin where it is left out.",
      ),
    enabled: z.boolean().default(true).describe("Whether requests may go to this provider."),
  })
  .describe("A model provider.");

export type ProviderConfig = z.output<typeof providerSchema>;
export type ProviderType = ProviderConfig["type"];

/** Whether a text names a type of provider. */
export function isProviderType(type: unknown): type is ProviderType {
  return PROVIDER_TYPES.some((known) => known === type);
}
