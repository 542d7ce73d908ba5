import * as z from "zod";
import { text } from "./text";

export const STRATEGIES = ["fallback", "weighted", "round-robin", "least-latency", "cheapest"] as const;

export const routeTargetSchema = z
  .strictObject({
    model: text.describe("A model as provider/model, or by its bare id."),
    weight: z
      .number()
      .positive()
      .max(1_000_000)
      .optional()
      .describe("Strategy weighted: this target's share; 1 where it is left out."),
  })
  .describe("A model that the route may use.");

export const routeSchema = z
  .strictObject({
    name: text.optional().describe("The model id that clients send for this route."),
    match: text
      .optional()
      .describe("Instead of a name: the ids it stands for, like claude-*; * is any characters."),
    strategy: z
      .enum(STRATEGIES)
      .default("fallback")
      .describe(
        "fallback: in the order of the targets. weighted: by their weights. round-robin: in turn. least-latency: the one that has answered fastest. cheapest: by price. The others follow where one fails.",
      ),
    targets: z.array(routeTargetSchema).min(1, "must have at least one target").describe("In their order."),
    affinity: z
      .boolean()
      .default(true)
      .describe("Keep a conversation on one target while that is healthy, so that prompt caches are used."),
  })
  .refine(({ name, match }) => (name === undefined) !== (match === undefined), {
    message: "must have either a name or a match",
    path: ["name"],
  })
  .describe("A model id of your own, and the models behind it.");

export const routingSchema = z.strictObject({
  maxAttempts: z
    .int()
    .min(1)
    .max(10)
    .default(4)
    .describe("How often a request is tried at most, over all targets and keys."),
  maxWaitSeconds: z
    .number()
    .min(0)
    .max(600)
    .default(30)
    .describe("How long a request waits for a limited provider when no other target is free."),
});

export type RouteConfig = z.output<typeof routeSchema>;
export type RouteTarget = z.output<typeof routeTargetSchema>;
export type Strategy = (typeof STRATEGIES)[number];
export type RoutingConfig = z.output<typeof routingSchema>;
