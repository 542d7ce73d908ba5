import * as z from "zod";

/** How long a budget lasts before it begins anew: calendar periods in local time; total never does. */
export const periodSchema = z
  .enum(["minute", "hour", "day", "week", "month", "total"])
  .describe("When it begins anew, by the calendar in local time; weeks begin on Monday, total never does.");
