import * as z from "zod";

const seconds = z.number().positive().max(86_400);

/** How long is waited for a provider; left out, the defaults of docs/gateway.md. */
export const timeoutsSchema = z
  .strictObject({
    connectSeconds: seconds.optional().describe("Until the connection stands; 10 where it is left out."),
    firstByteSeconds: seconds
      .optional()
      .describe("Until the answer begins; 900 where it is left out, since models may think for minutes."),
    betweenBytesSeconds: seconds
      .optional()
      .describe("Between two pieces of an answer; 600 where it is left out."),
    totalSeconds: seconds.optional().describe("For the whole answer; no limit where it is left out."),
  })
  .describe("How long is waited for the provider, in seconds.");

export type Timeouts = z.output<typeof timeoutsSchema>;
