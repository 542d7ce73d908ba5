import type { WireProtocol } from "../protocols/wire";
import type { Operation } from "../providers/endpoint";

/** What a client asks of the gateway. `protocol` decides the shape of answers and errors. */
export type Route =
  | { readonly kind: "health"; readonly protocol: WireProtocol }
  | { readonly kind: "models"; readonly protocol: WireProtocol; readonly id?: string }
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
  if (rest === "models") return allow(method, ["GET", "HEAD"], { kind: "models", protocol: fallback });
  const id = /^models\/(.+)$/.exec(rest)?.[1];
  const decoded = id === undefined ? undefined : decode(id);
  if (decoded !== undefined)
    return allow(method, ["GET", "HEAD"], { kind: "models", protocol: fallback, id: decoded });
  return { kind: "notFound", protocol: fallback };
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
