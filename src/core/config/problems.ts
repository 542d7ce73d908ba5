import type * as z from "zod";

/** One fault of a configuration: where it stands and what is wrong, in words for the person who wrote it. */
export interface ConfigProblem {
  /** Path in the configuration, e.g. `providers[0].baseUrl`; empty for the whole. */
  readonly path: string;
  readonly message: string;
  /** Set where VS Code can offer the remedy itself. */
  readonly remedy?: "moveKeyToSecretStorage";
}

/** Writes a path the way a person would: `providers[0].azure.apiVersion`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

/** Turns zod's issues into problems, one for each unknown field. */
export function problemsOf(error: z.ZodError, prefix: readonly PropertyKey[] = []): ConfigProblem[] {
  return error.issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: formatPath([...path, key]),
        message: "unknown field; it is misspelt or not part of this version",
      }));
    }
    return [{ path: formatPath(path), message: plain(issue) }];
  });
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.input === undefined) return `is missing (${issue.expected})`;
  if (issue.code === "invalid_value")
    return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}
