import * as z from "zod";
import { text } from "./text";

/** off: nothing is kept. metadata: who, when, where to and what came of it. full: the request and the answer too. */
export const AUDIT_LEVELS = ["off", "metadata", "full"] as const;

const level = z.enum(AUDIT_LEVELS);

export const auditSchema = z.strictObject({
  level: level
    .default("metadata")
    .describe(
      "What is kept of a request. off: nothing. metadata: what it was and where it went. full: the request and the answer too, without the secrets found in them.",
    ),
  retentionDays: z.int().min(1).max(3650).default(30).describe("How long it is kept, in days."),
  maxMb: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(512)
    .describe("How much may be kept, in megabytes; the oldest goes first."),
  keys: z.record(text, level).default({}).describe("Another level for single gateway keys, by their names."),
  workspaces: z
    .record(text, level)
    .default({})
    .describe("Another level for single workspaces, by their paths, as globs."),
});

export type AuditConfig = z.output<typeof auditSchema>;
export type AuditLevel = (typeof AUDIT_LEVELS)[number];
