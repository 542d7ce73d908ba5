import * as z from "zod";
import { text } from "./text";

/** One pattern or several, of which one has to fit. */
const patterns = z.union([text, z.array(text).min(1)], { error: "must be a text, or a list of texts" });

/** How much the requests go to: this machine, a host that is approved, or any other. */
export const PROVIDER_CLASSES = ["local", "approved", "external"] as const;

const providerClass = z.enum(PROVIDER_CLASSES);

const conditions = z.strictObject({
  workspace: patterns
    .optional()
    .describe("Path of the workspace folder, as a glob; it fits what is inside the folder too."),
  remote: patterns
    .optional()
    .describe("The workspace's git remote, as a glob without scheme, e.g. github.com/acme/*."),
  trusted: z
    .boolean()
    .optional()
    .describe("Whether the workspace is trusted; false also fits requests from no known workspace."),
  label: z
    .record(z.string(), text)
    .optional()
    .describe("Labels of the gateway key, all of which must fit; values are globs."),
  task: patterns
    .optional()
    .describe("What the request is for, by its x-postern-task header or by its gateway key's label task."),
  providerClass: z
    .union([providerClass, z.array(providerClass).min(1)], {
      error: "must be local, approved or external, or a list of them",
    })
    .optional()
    .describe("Class of the provider that the request would go to: local, approved or external."),
  secrets: z
    .union([z.literal(true), z.array(text).min(1)], { error: "must be true, or a list of kinds" })
    .optional()
    .describe("Secrets found in the request: true for any, or a list of kinds, as globs."),
});

/** What every rule can do, wherever it stands. All of it only takes away. */
const restrictions = {
  name: text.max(100).describe("What the rule is called where it is told that it applied."),
  when: conditions.prefault({}).describe("All of these must fit; without any the rule always applies."),
  allow: z
    .array(text)
    .optional()
    .describe(
      "Only these may be asked: provider, or provider/model, as globs. An empty list allows nothing.",
    ),
  warn: z
    .union([z.boolean(), text.max(300)], { error: "must be true, false or a text" })
    .optional()
    .describe("Warn the person; a text says of what."),
  refuse: z
    .union([z.boolean(), text.max(300)], { error: "must be true, false or a text" })
    .optional()
    .describe("Refuse the request; a text says why."),
  redact: z.boolean().optional().describe("Take secrets out of the request before it is sent."),
};

/** A rule without an effect is a rule somebody has not finished, and must not look as if it protected. */
const hasEffect = (rule: object): boolean =>
  ["allow", "route", "warn", "refuse", "audit", "redact"].some((name) => {
    const effect = (rule as Record<string, unknown>)[name];
    return effect !== undefined && effect !== false;
  });
const NO_EFFECT = "has no effect; give it allow, route, warn, refuse, audit or redact";

export const policyRuleSchema = z
  .strictObject({
    ...restrictions,
    route: text.optional().describe("Name of the route, or model id, that serves the request instead."),
    audit: z.literal("full").optional().describe("Keep the whole request and answer."),
  })
  .refine(hasEffect, NO_EFFECT)
  .refine(
    ({ route, when }) => route === undefined || when.providerClass === undefined,
    "route cannot depend on providerClass, which is known only once the route is",
  )
  .describe("A policy rule.");

/** A repository can neither send a request elsewhere nor have its content kept. */
export const repositoryRuleSchema = z.strictObject(restrictions).refine(hasEffect, NO_EFFECT);

export const policySchema = z.strictObject({
  approved: z
    .array(text)
    .optional()
    .describe("Hosts whose providers are of class approved, as globs, e.g. *.openai.azure.com."),
  rules: z.array(policyRuleSchema).default([]).describe("Rules; all that fit apply, the strictest wins."),
});

/** Rules and patterns of a repository are somebody else's: more of them than this is no policy but a load. */
const MAX_REPOSITORY_RULES = 100;

/** The file `.postern.json` of a repository. */
export const repositoryFileSchema = z.strictObject({
  $schema: z.string().optional(),
  policy: z.strictObject({ rules: z.array(repositoryRuleSchema).max(MAX_REPOSITORY_RULES) }),
});

export type PolicyConfig = z.output<typeof policySchema>;
export type PolicyRule = z.output<typeof policyRuleSchema>;
export type PolicyConditions = z.output<typeof conditions>;
export type ProviderClass = (typeof PROVIDER_CLASSES)[number];
