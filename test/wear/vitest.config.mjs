import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Load of its own: scripts/test.mjs runs it in a short form, scripts/soak.mjs in a long one, each when nothing else runs.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: ["test/wear/**/*.test.ts"],
    testTimeout: process.env.POSTERN_SOAK ? 1_800_000 : 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
