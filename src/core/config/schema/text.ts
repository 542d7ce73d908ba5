import * as z from "zod";

/** Any text that says something. */
export const text = z.string().trim().min(1, "must not be empty");
