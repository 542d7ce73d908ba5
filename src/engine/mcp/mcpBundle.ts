/** What needs MCP's SDK: a bundle of its own (dist/mcp.js) that is read when somebody first speaks MCP. */
export { HttpMcp } from "./httpMcp";
export { serveStdio } from "./stdioMcp";
