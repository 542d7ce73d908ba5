import type { ToolOrigin } from "../conversation/toolNames";
import type { JsonObject } from "../json/access";

/** What is kept of a request to put its answer into the client's words. */
export interface ResponseContext {
  /** The model as the client named it. */
  readonly model: string;
  /** Names the provider in seals (`issuerOf`). */
  readonly issuer: string;
  /** Chat Completions: whether the client asked for a last chunk with the usage. */
  readonly includeUsage: boolean;
  /** Chat Completions: whether the client declared `functions` instead of `tools`. */
  readonly legacyFunctions: boolean;
  /** What the client calls each tool, by the name the provider has for it. */
  readonly tools: ReadonlyMap<string, ToolOrigin>;
  /** The tool whose arguments are the answer: a structured output by way of a forced call. */
  readonly structuredTool?: string;
  /** Responses: fields of the request that the response object repeats. */
  readonly echo: JsonObject;
}
