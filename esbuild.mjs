// Builds the three composition roots into dist/ as CommonJS. cli.js and engine.js share engineRuntime.js,
// which loads tokenizer.js when it is first needed.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { thirdPartyNotices } from "./scripts/lib/thirdPartyNotices.mjs";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const development = process.argv.includes("--dev");

/**
 * Leaves the imports of the shared runtime and of the tokenizer to Node: the one is bundled once and not in each
 * program, the other is not read before somebody counts tokens.
 */
const sharedRuntime = {
  name: "shared-runtime",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/engine\/runtime$/ }, () => ({ path: "./engineRuntime.js", external: true }));
    onResolve({ filter: /^\.\/cl100k$/ }, () => ({ path: "./tokenizer.js", external: true }));
    onResolve({ filter: /^\.\/secretRules$/ }, () => ({ path: "./secretRules.js", external: true }));
  },
};

const result = await build({
  entryPoints: {
    extension: "src/extension.ts",
    engine: "src/engine.ts",
    cli: "src/cli.ts",
    engineRuntime: "src/engine/runtime.ts",
    tokenizer: "src/engine/tokens/cl100k.ts",
    secretRules: "src/engine/secrets/secretRules.ts",
  },
  plugins: [sharedRuntime],
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "cjs",
  // Node 20.18 is the oldest that runs the headless program; every supported VS Code is newer.
  target: "node20",
  external: ["vscode"],
  // jsonc-parser's main is UMD, whose requires a bundler cannot follow.
  mainFields: ["module", "main"],
  define: { POSTERN_VERSION: JSON.stringify(version) },
  minify: !development,
  sourcemap: development ? "linked" : false,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const notices = thirdPartyNotices(
  Object.keys(result.metafile.inputs),
  fileURLToPath(new URL(".", import.meta.url)),
);
writeFileSync("dist/THIRD-PARTY-NOTICES.txt", notices);

for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  if (file.endsWith(".js")) console.log(`${file}  ${(bytes / 1024).toFixed(0)} KB`);
}
