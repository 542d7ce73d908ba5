import * as z from "zod";
import { gatewayKeySchema } from "./gatewayKey";
import { text } from "./text";

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
  keys: z.array(gatewayKeySchema).default([]).describe("Gateway keys: who is let in, and what each may do."),
});

export type GatewayConfig = z.output<typeof gatewaySchema>;
