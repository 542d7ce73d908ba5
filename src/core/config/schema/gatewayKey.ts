import * as z from "zod";
import { text } from "./text";

export const gatewayKeySchema = z
  .strictObject({
    name: text.describe("Which tool or person the gateway key is for."),
    key: text.describe("Only as ${env:NAME}: the environment variable that holds the gateway key."),
    enabled: z.boolean().default(true).describe("Whether the gateway key is accepted."),
  })
  .describe("A gateway key: what a tool sends to be let in.");

export type GatewayKeyConfig = z.output<typeof gatewayKeySchema>;
