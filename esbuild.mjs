// Builds the three composition roots into dist/ as CommonJS. cli.js and engine.js share engineRuntime.js,
// which loads tokenizer.js and catalogue.js when they are first needed.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { thirdPartyNotices } from "./scripts/lib/thirdPartyNotices.mjs";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const development = process.argv.includes("--dev");

/**
 * Leaves the imports of the shared runtime and of what is seldom needed to Node: the one is bundled once and not in
 * each program, the others are not read before somebody counts tokens, asks for models or imports a YAML file.
 */
const sharedRuntime = {
  name: "shared-runtime",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/engine\/runtime$/ }, () => ({ path: "./engineRuntime.js", external: true }));
    onResolve({ filter: /^\.\/cl100k$/ }, () => ({ path: "./tokenizer.js", external: true }));
    onResolve({ filter: /\/interchange\/yaml$/ }, () => ({ path: "./yaml.js", external: true }));
    onResolve({ filter: /^\.\/secretRules$/ }, () => ({ path: "./secretRules.js", external: true }));
    onResolve({ filter: /^\.\/shippedCatalogue$/ }, () => ({ path: "./catalogue.js", external: true }));
  },
};

/**
 * Of undici only the dispatchers and their `request` are used. Its index brings fetch, WebSocket, EventSource, caches and mocks along,
 * half of it and a twelfth of the package, and as CommonJS it cannot be shaken.
 */
const undiciDispatchers = {
  name: "undici-dispatchers",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "dispatchers" }));
    onLoad({ filter: /.*/, namespace: "dispatchers" }, () => ({
      contents: `
        require("undici/lib/dispatcher/dispatcher.js").prototype.request = require("undici/lib/api/api-request.js");
        module.exports = {
        Agent: require("undici/lib/dispatcher/agent.js"),
        EnvHttpProxyAgent: require("undici/lib/dispatcher/env-http-proxy-agent.js"),
        Pool: require("undici/lib/dispatcher/pool.js"),
      };`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    }));
  },
};

const result = await build({
  entryPoints: {
    extension: "src/extension.ts",
    engine: "src/engine.ts",
    cli: "src/cli.ts",
    engineRuntime: "src/engine/runtime.ts",
    tokenizer: "src/engine/tokens/cl100k.ts",
    yaml: "src/vscode/interchange/yaml.ts",
    secretRules: "src/engine/secrets/secretRules.ts",
    catalogue: "src/engine/models/shippedCatalogue.ts",
  },
  plugins: [sharedRuntime, undiciDispatchers],
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
  JSON.parse(readFileSync(new URL("src/core/models/data/notices.json", import.meta.url), "utf8")),
);
writeFileSync("dist/THIRD-PARTY-NOTICES.txt", notices);

for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  if (file.endsWith(".js")) console.log(`${file}  ${(bytes / 1024).toFixed(0)} KB`);
}
