/** Id under which VS Code knows who offers the MCP server. */
export const MCP_PROVIDER = "postern.mcp";
