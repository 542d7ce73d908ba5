import * as z from "zod";
import { text } from "./text";

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

export type ModelConfig = z.output<typeof modelSchema>;
