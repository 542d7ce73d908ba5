/** Looks a name up in the environment; passed in, so that core stays free of Node. */
export type Environment = (name: string) => string | undefined;

const REFERENCE = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** The variable's name if the value is exactly `${env:NAME}`, else undefined. */
export function environmentReference(value: string): string | undefined {
  return REFERENCE.exec(value.trim())?.[1];
}

/**
 * What is wrong with a key that is written as other programs write variables: taken to the letter, a gateway key would
 * be one that everybody can guess.
 */
export function mistakenReference(value: string): string | undefined {
  const looksLikeOne = /^\s*\$(\{|[A-Z_][A-Z0-9_]*\s*$)/.test(value);
  if (!looksLikeOne || environmentReference(value) !== undefined) return undefined;
  return "looks like a variable and is none; write ${env:NAME}";
}

const WITHIN = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Replaces every reference in a text by what `value` says for its variable. */
export function replaceReferences(text: string, value: (variable: string) => string): string {
  return text.replace(WITHIN, (_, variable: string) => value(variable));
}

export type Resolved =
  | {
      readonly kind: "value";
      readonly value: string;
      /** Where it is from; absent for a text that is its own value. */
      readonly variable?: string;
    }
  | { readonly kind: "unset"; readonly variable: string };

/** Resolves `${env:NAME}`; any other text is its own value. An empty variable counts as unset. */
export function resolveReference(value: string, environment: Environment): Resolved {
  const variable = environmentReference(value);
  if (variable === undefined) return { kind: "value", value };
  const found = environment(variable)?.trim();
  return found ? { kind: "value", value: found, variable } : { kind: "unset", variable };
}
