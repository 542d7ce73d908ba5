import { defineConfig } from "vitest/config";

// Real agents: hundreds of megabytes that scripts/testAgents.mjs installs before it runs these.
export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/agents/**/*.test.ts"],
    testTimeout: 180_000,
    // An agent takes two cores by itself.
    fileParallelism: false,
  },
});
