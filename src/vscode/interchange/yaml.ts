import { parseDocument } from "yaml";

/** What came of a YAML text; the fault holds nothing of it. */
export type ParsedYaml =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: string };

/**
 * Reads YAML 1.2 with merge keys, as LiteLLM's and Continue's configurations are written. A bundle of its own, loaded
 * when a file is YAML.
 */
export function parseYaml(text: string): ParsedYaml {
  if (mayBeDeep(text)) return { ok: false, fault: "it is nested too deeply" };
  try {
    // The library's own messages quote the text, which may hold keys.
    const document = parseDocument(text, {
      merge: true,
      prettyErrors: false,
      logLevel: "silent",
      version: "1.2",
    });
    const [error] = document.errors;
    if (error) {
      const line = text.slice(0, error.pos[0]).split("\n").length;
      return { ok: false, fault: `it is not valid YAML (line ${line})` };
    }
    // An alias stands for what it names; a few of them can stand for more than a machine holds.
    return { ok: true, value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    const deep = error instanceof RangeError;
    return { ok: false, fault: deep ? "it is nested too deeply" : "its aliases stand for too much" };
  }
}

const MAX_LEVELS = 200;
/** A key or a default that each of a gateway's models names is no attack; aliases of aliases multiply beyond this at once. */
const MAX_ALIASES = 10_000;

/** Brackets that stay open, or dashes in a row: the library takes very long over thousands of them. */
function mayBeDeep(text: string): boolean {
  let open = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open = bracket === "[" || bracket === "{" ? open + 1 : Math.max(0, open - 1);
    if (open > MAX_LEVELS) return true;
  }
  return new RegExp(`(?:[-?][ \\t]+){${MAX_LEVELS}}|^ {${MAX_LEVELS * 4}}`, "m").test(text);
}
