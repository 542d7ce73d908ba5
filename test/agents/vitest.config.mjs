import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Real agents: hundreds of megabytes that scripts/testAgents.mjs installs before it runs these.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: ["test/agents/**/*.test.ts"],
    testTimeout: 180_000,
    // An agent takes two cores by itself.
    fileParallelism: false,
  },
});
