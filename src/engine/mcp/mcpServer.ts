import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import type * as z from "zod";
import { chatArguments, noArguments, TOOLS } from "../../core/mcp/tools";
import type { ChatReply, McpBackend } from "./backend";

/** A client that wants to know how far an answer is hears of it this often. */
const PROGRESS_MS = 1_000;

interface CallSurroundings {
  readonly signal: AbortSignal;
  /** Told the characters so far. */
  progress(characters: number): void;
}

/** An MCP server with Postern's tools, for one connection or one request. */
export function createMcpServer(backend: McpBackend): Server {
  const server = new Server({ name: "postern", version: backend.version }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...TOOLS] }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, { signal, _meta, sendNotification }) => {
    const token = _meta?.progressToken;
    let told = performance.now();
    const progress = (characters: number): void => {
      if (token === undefined || performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      const message = `${characters} characters`;
      sendNotification({
        method: "notifications/progress",
        params: { progressToken: token, progress: characters, message },
      }).catch(() => {});
    };
    return callTool(backend, params.name, params.arguments ?? {}, { signal, progress });
  });
  return server;
}

async function callTool(
  backend: McpBackend,
  name: string,
  given: unknown,
  { signal, progress }: CallSurroundings,
): Promise<CallToolResult> {
  switch (name) {
    case "chat":
      return chatResult(await backend.chat(checked(name, chatArguments, given), signal, progress));
    case "list_models":
      checked(name, noArguments, given);
      return structured(await backend.models());
    case "get_quota":
      checked(name, noArguments, given);
      return structured(await backend.quota());
    default:
      throw new McpError(
        ErrorCode.InvalidParams,
        `There is no tool ${JSON.stringify(name.slice(0, 100))}; the tools are ${TOOLS.map((tool) => tool.name).join(", ")}.`,
      );
  }
}

/** @throws McpError with what is wrong with the arguments, never with what was in them */
function checked<T extends z.ZodType>(tool: string, schema: T, given: unknown): z.infer<T> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  throw new McpError(
    ErrorCode.InvalidParams,
    `Wrong arguments for ${tool}: ${faults.join("; ").slice(0, 500)}`,
  );
}

function structured(value: object): CallToolResult {
  return {
    content: [{ type: "text", text: JSON.stringify(value) }],
    structuredContent: value as Record<string, unknown>,
  };
}

function chatResult({ text, failure, finishReason, facts }: ChatReply): CallToolResult {
  const notes = [
    ...(failure === undefined ? [] : [text === "" ? failure : `The answer is not whole. ${failure}`]),
    ...(finishReason === "length" ? ["The answer ends here because it was as long as it may be."] : []),
  ];
  const parts = [...(text === "" && notes.length > 0 ? [] : [text]), ...notes];
  const _meta = Object.fromEntries(Object.entries(facts).map(([name, value]) => [`postern/${name}`, value]));
  return {
    content: parts.map((part) => ({ type: "text" as const, text: part })),
    ...(failure === undefined ? {} : { isError: true }),
    _meta,
  };
}
