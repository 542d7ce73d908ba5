import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,mjs}"],
    // These run inside VS Code, in the script that drives the browser, and with agents: see scripts/test.mjs.
    exclude: ["test/wear/**", "test/vscode/**", "test/browser/**", "test/agents/**"],
    testTimeout: 20_000,
  },
});
