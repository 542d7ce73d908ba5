import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,mjs}"],
    // These run inside VS Code and in the script that drives the browser: see scripts/test.mjs.
    exclude: ["test/vscode/**", "test/browser/**"],
    testTimeout: 20_000,
  },
});
