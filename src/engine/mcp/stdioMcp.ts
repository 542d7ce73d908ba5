import type { Readable, Writable } from "node:stream";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { ChatReply, McpBackend } from "./backend";
import { createMcpServer } from "./mcpServer";

/** Serves MCP over a pair of streams until the input ends; what runs then is still answered. */
export async function serveStdio(
  backend: McpBackend,
  input: Readable,
  output: Writable,
  signal: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<ChatReply>>();
  const server = createMcpServer({
    ...backend,
    chat: (...args) => {
      const call = backend.chat(...args);
      running.add(call);
      const gone = () => running.delete(call);
      call.then(gone, gone);
      return call;
    },
  });
  const ended = new Promise<void>((resolve) => {
    for (const event of ["end", "close", "error"]) input.once(event, () => resolve());
    output.once("error", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.connect(
    new StdioServerTransport(input as typeof process.stdin, output as typeof process.stdout),
  );
  await ended;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted || output.errored) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    output.once("error", () => resolve());
  });
  await Promise.race([Promise.allSettled(running), aborted]);
  // The answers to the last calls are written in this turn.
  await new Promise((resolve) => setImmediate(resolve));
  await server.close();
}
