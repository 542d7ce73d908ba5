import * as z from "zod";
import { priceSchema } from "./price";
import { text } from "./text";

/** Everything that a person may say of a model. It wins over what the provider and the catalogue say. */
const fields = {
  name: text.optional().describe("A name to show instead of the id."),
  hidden: z
    .boolean()
    .optional()
    .describe("Not listed anywhere; requests that name provider and model still reach it."),
  pinned: z.boolean().optional().describe("Listed first."),
  deployment: text
    .optional()
    .describe("Azure: the deployment that serves this model, where its name differs from the id."),
  baseModel: text
    .optional()
    .describe(
      "The model this really is, e.g. gpt-4o or anthropic/claude-sonnet-4-6, where the id does not say: its window, abilities and price are looked up under that name.",
    ),
  contextWindow: z.int().positive().optional().describe("Context window in tokens."),
  maxOutput: z.int().positive().optional().describe("Largest answer in tokens."),
  tools: z.boolean().optional().describe("Whether the model can call tools."),
  images: z.boolean().optional().describe("Whether the model can read images."),
  reasoning: z.boolean().optional().describe("Whether the model reasons before it answers."),
  efforts: z
    .array(z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]))
    .optional()
    .describe("The reasoning efforts the model takes; empty: it takes none."),
  structuredOutput: z.boolean().optional().describe("Whether the model answers by a JSON Schema."),
  embeddings: z.boolean().optional().describe("Whether the model makes embeddings instead of answers."),
  price: priceSchema.optional(),
};

export const modelSchema = z
  .strictObject({ id: text.describe("The model's id as the provider knows it."), ...fields })
  .describe("A model of the provider.");

export const modelOverrideSchema = z
  .strictObject(fields)
  .describe("What to change of a model that the provider lists.");

export type ModelConfig = z.output<typeof modelSchema>;
export type ModelOverride = z.output<typeof modelOverrideSchema>;
