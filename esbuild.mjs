// Builds the three composition roots into dist/, one self-contained CommonJS file each.
import { readFileSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const development = process.argv.includes("--dev");

const result = await build({
  entryPoints: { extension: "src/extension.ts", engine: "src/engine.ts", cli: "src/cli.ts" },
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

for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  if (file.endsWith(".js")) console.log(`${file}  ${(bytes / 1024).toFixed(0)} KB`);
}
