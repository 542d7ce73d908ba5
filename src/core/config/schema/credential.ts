import * as z from "zod";
import { text } from "./text";

/** What a person calls one of several credentials; it shows in the tree and in the ledger. */
export const credentialLabelSchema = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u,
    "must be 1 to 64 letters, digits, spaces, '.', '_', '-' or '@'",
  )
  .describe("What you call it, where a provider has several. Left out: named by its kind.");

const enabled = z.boolean().optional().describe("false: it is not used, until it is switched on again.");

const sentAs = z.enum(["apiKey", "bearerToken"]);

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * What a provider is authenticated with: where a credential comes from, never the credential itself.
 * The list `credentials` of a provider is its pool, in the order in which they are used.
 */
export const credentialSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("stored")
      .describe("Keys in VS Code's secret storage: with a label that one, without all of them."),
    label: credentialLabelSchema.optional(),
    enabled,
  }),
  z.strictObject({
    kind: z.literal("env").describe("An environment variable."),
    label: credentialLabelSchema.optional(),
    enabled,
    name: z.string().regex(VARIABLE, "must be a variable's name").describe("The variable's name."),
    as: sentAs.default("apiKey").describe("How the value is sent: as an API key or as a bearer token."),
  }),
  z.strictObject({
    kind: z.literal("command").describe("A program that prints a token, such as az or op."),
    label: credentialLabelSchema.optional(),
    enabled,
    command: z
      .array(
        z
          .string()
          .min(1)
          .max(4096)
          .regex(/^\P{Cc}*$/u, "must be one line"),
      )
      .min(1)
      .max(64)
      .describe("The program and its arguments, each by itself; no shell reads them."),
    as: sentAs
      .default("bearerToken")
      .describe("How what it prints is sent: as an API key or as a bearer token."),
    timeoutSeconds: z.int().min(1).max(120).default(30).describe("How long it may take."),
    refreshSeconds: z
      .int()
      .min(60)
      .max(86_400)
      .optional()
      .describe("How long what it prints is good for, where neither the output nor the token says so."),
  }),
  z.strictObject({
    kind: z.literal("entra").describe("Microsoft Entra ID, through VS Code's Microsoft account."),
    label: credentialLabelSchema.optional(),
    enabled,
    scope: text
      .max(512)
      .regex(/^\S+$/, "must not have spaces in it")
      .optional()
      .describe("Left out: the one that fits the address."),
    tenant: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$/, "must be a tenant's id or domain")
      .optional()
      .describe("Id or domain of the tenant. Left out: the account's own."),
    account: text.max(256).optional().describe("Name of the account, where several are signed in."),
  }),
  z.strictObject({
    kind: z.literal("github").describe("VS Code's GitHub account, for GitHub Models and GitHub Copilot."),
    label: credentialLabelSchema.optional(),
    enabled,
    account: text.max(256).optional().describe("Name of the account, where several are signed in."),
  }),
  z.strictObject({
    kind: z.literal("none").describe("Nothing is sent."),
    label: credentialLabelSchema.optional(),
    enabled,
  }),
]);

export type CredentialConfig = z.output<typeof credentialSchema>;
