import { shortHash } from "../text/encode";

/** What the client calls a tool whose call comes back under the provider's name of it. */
export interface ToolOrigin {
  readonly name: string;
  /** Responses: the namespace the tool was declared in. */
  readonly namespace?: string;
  /** The client declared it as a tool of free text. */
  readonly custom: boolean;
}

/** A name as a protocol takes it; one that does not fit keeps its beginning and gets its hash. */
export function fittingToolName(name: string, maxLength: number): string {
  if (name !== "" && name.length <= maxLength && /^[a-zA-Z0-9_-]+$/.test(name)) return name;
  const readable = name.replace(/[^a-zA-Z0-9_-]+/g, "_").slice(0, maxLength - 14);
  return `${readable}_${shortHash(name)}`;
}

/** The name under which a tool of a namespace is known to providers that have no namespaces. */
export function namespacedName(namespace: string, name: string): string {
  return `${namespace}__${name}`;
}
