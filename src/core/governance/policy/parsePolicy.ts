import { type ParseError, parse as parseJsonc } from "jsonc-parser";
import type * as z from "zod";
import { problemsOf } from "../../config/problems";
import { type PolicyConfig, policySchema, repositoryFileSchema } from "../../config/schema/policy";
import type { PolicySource } from "./sources";

/** Problems that are told of one file; the rest is counted. */
const TOLD = 3;

/** The administrator's file: `{ "rules": […], "approved": […] }`, or the same under `policy` as in the settings. */
export function administratorSource(text: string, path: string): PolicySource {
  const parsed = parsedJson(text);
  if (parsed === undefined) return { origin: "administrator", fault: `${path} is not valid JSON.` };
  const { data, error } = policySchema.safeParse(innerPolicy(parsed), { reportInput: true });
  if (!data) return { origin: "administrator", fault: `${path}: ${told(error)}` };
  return { origin: "administrator", ...data };
}

/**
 * A repository's file. What it says wrong is told by place only: its text is somebody else's, and may be a file that
 * was never meant to be read.
 */
export function repositorySource(text: string, path: string): PolicySource {
  const parsed = parsedJson(text);
  if (parsed === undefined) return { origin: "repository", fault: `${path} is not valid JSON.` };
  const { data, error } = repositoryFileSchema.safeParse(parsed);
  if (data) return { origin: "repository", rules: data.policy.rules };
  const where = places(error);
  const may = "A repository can only restrict: name, when, allow, warn, refuse, redact.";
  return { origin: "repository", fault: `${path} is not a policy${where}. ${may}` };
}

/** The policy of the settings or of the headless file, which the schema has checked already. */
export function settingsSource(policy: PolicyConfig): PolicySource {
  return { origin: "settings", ...policy };
}

function innerPolicy(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("policy" in value)) return value;
  return Object.keys(value).length === 1 ? value.policy : value;
}

/** JSON with comments and trailing commas, as the configuration file; undefined where it is none. */
function parsedJson(fileText: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parseJsonc(fileText.replace(/^\ufeff/, ""), errors, { allowTrailingComma: true });
  return errors.length === 0 ? value : undefined;
}

function told(error: z.ZodError | undefined): string {
  const problems = error ? problemsOf(error) : [];
  const shown = problems.slice(0, TOLD).map(({ path, message }) => `${path || "the file"} ${message}`);
  const rest = problems.length - shown.length;
  return `${shown.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}.`;
}

/** Only names of our own schema and numbers can be in a path that is shown. */
function places(error: z.ZodError | undefined): string {
  const known = (part: PropertyKey): boolean =>
    typeof part === "number" || /^(policy|rules|name|when|allow|warn|refuse|redact)$/.test(String(part));
  const [first] = error?.issues ?? [];
  const path = (first?.path ?? []).filter(known).map(String).join(".");
  return path === "" ? "" : ` (see ${path})`;
}
