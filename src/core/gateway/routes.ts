import type { WireProtocol } from "../protocols/wire";
import type { Operation } from "../providers/endpoint";

/** What a client asks of the gateway. `protocol` decides the shape of answers and errors. */
export type Route =
  | {
      readonly kind: "storedResponse";
      readonly protocol: "responses";
      readonly method: "GET" | "DELETE" | "POST";
      readonly id: string;
      /** What stands behind the id in the path, such as `cancel`. */
      readonly part?: string;
    }
  | { readonly kind: "health"; readonly protocol: WireProtocol }
  | { readonly kind: "quota"; readonly protocol: WireProtocol }
  | { readonly kind: "models"; readonly protocol: WireProtocol; readonly id?: string }
  /** MCP's streamable HTTP; what is refused before MCP has a say is refused in OpenAI's shape. */
  | { readonly kind: "mcp"; readonly protocol: "chat" }
  | {
      readonly kind: "operation";
      readonly protocol: WireProtocol;
      readonly operation: Exclude<Operation, "models">;
      /** Azure's shape names the model in the path. */
      readonly deployment?: string;
    };

export type RouteMatch =
  | { readonly kind: "found"; readonly route: Route }
  | { readonly kind: "methodNotAllowed"; readonly allow: string; readonly protocol: WireProtocol }
  | { readonly kind: "notFound"; readonly protocol: WireProtocol };

const OPERATIONS: Record<string, { operation: Exclude<Operation, "models">; protocol: WireProtocol }> = {
  "chat/completions": { operation: "chat", protocol: "chat" },
  responses: { operation: "responses", protocol: "responses" },
  "responses/compact": { operation: "compact", protocol: "responses" },
  embeddings: { operation: "embeddings", protocol: "chat" },
  messages: { operation: "messages", protocol: "messages" },
  "messages/count_tokens": { operation: "countTokens", protocol: "messages" },
};

/**
 * Finds the route of a request (design, section 5).
 * @param path without the query
 * @param anthropicVersion whether the client sent `anthropic-version`: the models list then has Anthropic's shape
 */
export function matchRoute(method: string, path: string, anthropicVersion: boolean): RouteMatch {
  const fallback: WireProtocol = anthropicVersion || path.startsWith("/anthropic/") ? "messages" : "chat";
  if (path === "/health") {
    return allow(method, ["GET", "HEAD"], { kind: "health", protocol: fallback });
  }
  if (path === "/mcp") return allow(method, ["POST"], { kind: "mcp", protocol: "chat" });
  const deployment = /^\/openai\/deployments\/(.+)\/(chat\/completions|embeddings)$/.exec(path);
  if (deployment) {
    const id = decode(deployment[1] ?? "");
    const found = OPERATIONS[deployment[2] ?? ""];
    if (found && id !== undefined)
      return allow(method, ["POST"], { kind: "operation", ...found, deployment: id });
  }
  const rest = /^\/(?:openai\/v1|anthropic\/v1|openai|v1)\/(.+)$/.exec(path)?.[1];
  if (rest === undefined) return { kind: "notFound", protocol: fallback };
  const found = Object.hasOwn(OPERATIONS, rest) ? OPERATIONS[rest] : undefined;
  if (found) return allow(method, ["POST"], { kind: "operation", ...found });
  const stored = /^responses\/([\w.:-]*\w[\w.:-]*)(?:\/(cancel|input_items))?$/.exec(rest);
  if (stored) return matchStored(method, stored[1] ?? "", stored[2]);
  if (rest === "quota") return allow(method, ["GET", "HEAD"], { kind: "quota", protocol: fallback });
  if (rest === "models") return allow(method, ["GET", "HEAD"], { kind: "models", protocol: fallback });
  const id = /^models\/(.+)$/.exec(rest)?.[1];
  const decoded = id === undefined ? undefined : decode(id);
  if (decoded !== undefined)
    return allow(method, ["GET", "HEAD"], { kind: "models", protocol: fallback, id: decoded });
  return { kind: "notFound", protocol: fallback };
}

/** https://platform.openai.com/docs/api-reference/responses: what can be done with a response that was made before. */
function matchStored(method: string, id: string, part: string | undefined): RouteMatch {
  const methods =
    part === "cancel"
      ? (["POST"] as const)
      : part === undefined
        ? (["GET", "DELETE"] as const)
        : (["GET"] as const);
  const known = methods.find((name) => name === method);
  if (!known) return { kind: "methodNotAllowed", allow: methods.join(", "), protocol: "responses" };
  const route = { kind: "storedResponse", protocol: "responses", method: known, id } as const;
  return { kind: "found", route: part === undefined ? route : { ...route, part } };
}

function allow(method: string, methods: readonly string[], route: Route): RouteMatch {
  if (methods.includes(method)) return { kind: "found", route };
  return { kind: "methodNotAllowed", allow: methods.join(", "), protocol: route.protocol };
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
