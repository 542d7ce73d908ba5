// `node esbuild.mjs [--dev] [FOLDER]`: builds the three composition roots into dist/, or FOLDER, as CommonJS.
// cli.js and engine.js share engineRuntime.js, which loads tokenizer.js and catalogue.js when they are first needed.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { sbom } from "./scripts/lib/sbom.mjs";
import { shippedPackages } from "./scripts/lib/shippedPackages.mjs";
import { thirdPartyNotices } from "./scripts/lib/thirdPartyNotices.mjs";
import { mendedClient, PATCHED_FILE } from "./scripts/lib/undiciPatch.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));

/** @param {string} file relative to the root */
const readJson = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));

const { name, version, license } = readJson("package.json");
const development = process.argv.includes("--dev");
const outdir = resolve(root, process.argv.slice(2).find((argument) => !argument.startsWith("--")) ?? "dist");

/**
 * Leaves the imports of the shared runtime and of what is seldom needed to Node: the one is bundled once and not in
 * each program, the others are not read before somebody counts tokens, asks for models or imports a YAML file.
 */
const sharedRuntime = {
  name: "shared-runtime",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/engine\/runtime$/ }, () => ({ path: "./engineRuntime.js", external: true }));
    onResolve({ filter: /^\.\/copilot$/ }, () => ({ path: "./copilot.js", external: true }));
    onResolve({ filter: /^\.\/cl100k$/ }, () => ({ path: "./tokenizer.js", external: true }));
    onResolve({ filter: /\/interchange\/yaml$/ }, () => ({ path: "./yaml.js", external: true }));
    onResolve({ filter: /^\.\/secretRules$/ }, () => ({ path: "./secretRules.js", external: true }));
    onResolve({ filter: /^\.\/copilot\/agent$/ }, () => ({ path: "./agent.js", external: true }));
    onResolve({ filter: /^\.\/mcpBundle$/ }, () => ({ path: "./mcp.js", external: true }));
    onResolve({ filter: /^\.\/shippedCatalogue$/ }, () => ({ path: "./catalogue.js", external: true }));
  },
};

/** The names of zod that the source uses as values; the rest of it, its forty languages above all, stays out. */
async function usedOfZod() {
  const exported = await import("zod");
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const texts = files
    .map((file) => readFileSync(join(root, "src", file), "utf8"))
    .filter((text) => text.includes('from "zod"'));
  const names = [...texts, ...textsOfMcp()].flatMap((text) =>
    [...text.matchAll(/\bz(?:4mini)?\s*\.(\w+)/g)].map(([, name]) => name),
  );
  return [...new Set(names)].filter((name) => name in exported && name !== "core").sort();
}
/** What MCP's SDK uses of zod, beside what the source does. */
function textsOfMcp() {
  return ["types.js", "shared/protocol.js", "server/index.js", "server/zod-compat.js"].map((file) =>
    readFileSync(join(root, "node_modules/@modelcontextprotocol/sdk/dist/esm", file), "utf8"),
  );
}
const zodNames = await usedOfZod();

/**
 * What both the extension and the engine's runtime need of libraries is bundled once, in a file of its own for each
 * library, which the two require.
 */
const COPILOT_SDK = "@github/copilot-sdk";
/** What of a library is used; the rest of it stays out. */
const USED = {
  [COPILOT_SDK]: ["CopilotClient", "RuntimeConnection"],
  "jsonc-parser": ["findNodeAtLocation", "parse", "parseTree", "printParseErrorCode"],
};
const SHARED = {
  zod: "zod.js",
  "vscode-jsonrpc/node": "jsonrpc.js",
  "vscode-jsonrpc/node.js": "jsonrpc.js",
  [COPILOT_SDK]: "copilotSdk.js",
  "jsonc-parser": "jsonc.js",
};
const sharedLibraries = {
  name: "shared-libraries",
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: /^(zod|jsonc-parser|vscode-jsonrpc\/node(\.js)?|@github\/copilot-sdk)$/ },
      ({ path, kind, namespace }) => {
        if (namespace.startsWith("used-of-")) return undefined;
        if (kind === "entry-point" && path === "zod") return { path, namespace: "used-of-zod" };
        if (kind === "entry-point" && !Object.hasOwn(USED, path)) return undefined;
        if (kind === "entry-point") return { path, namespace: "used-of-library" };
        return { path: `./${SHARED[path]}`, external: true };
      },
    );
    onLoad({ filter: /.*/, namespace: "used-of-library" }, ({ path }) => ({
      contents: `export { ${USED[path].join(", ")} } from "${path}";`,
      resolveDir: root,
    }));
    onLoad({ filter: /.*/, namespace: "used-of-zod" }, () => ({
      contents: `export { ${zodNames.join(", ")} } from "zod";`,
      resolveDir: root,
    }));
  },
};

/**
 * Parts of our own source that both the extension and the engine's runtime need, and that are large: one file each,
 * which the two require.
 */
const PARTS = {
  schema: "src/core/config/schema/index.ts",
  presets: "src/core/providers/presets.ts",
  codecs: "src/core/translation/codecs.ts",
  encoders: "src/core/translation/encoders.ts",
  quirks: "src/core/providers/quirks.ts",
  engineConfig: "src/core/config/engineConfig.ts",
  askedCredentials: "src/core/credentials/askedCredentials.ts",
  taskFile: "src/core/agent/taskFile.ts",
};
const sharedParts = {
  name: "shared-parts",
  setup({ onResolve, resolve: resolvePath }) {
    const files = new Map(Object.entries(PARTS).map(([name, file]) => [join(root, file), name]));
    const filter =
      /^\..*\/(schema|presets|codecs|encoders|quirks|engineConfig|askedCredentials|taskFile)(\/index)?$/;
    onResolve({ filter }, async ({ path, pluginData, ...asked }) => {
      if (pluginData === "shared-parts" || asked.kind === "entry-point") return undefined;
      const found = await resolvePath(path, {
        importer: asked.importer,
        resolveDir: asked.resolveDir,
        kind: asked.kind,
        pluginData: "shared-parts",
      });
      const name = files.get(found.path);
      return name === undefined ? undefined : { path: `./${name}.js`, external: true };
    });
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
        const { prototype } = require("undici/lib/dispatcher/dispatcher.js");
        prototype.request = require("undici/lib/api/api-request.js");
        // By which a proxy is asked for a tunnel.
        prototype.connect = require("undici/lib/api/api-connect.js");
        module.exports = {
        Agent: require("undici/lib/dispatcher/agent.js"),
        EnvHttpProxyAgent: require("undici/lib/dispatcher/env-http-proxy-agent.js"),
        Pool: require("undici/lib/dispatcher/pool.js"),
      };`,
      resolveDir: root,
    }));
  },
};

/**
 * undici's client with a fault mended (scripts/lib/undiciPatch.mjs), and its parser once: beside the one in WebAssembly
 * that runs everywhere, undici has another for processors with SIMD, 24 KB of the package.
 * @type {import("esbuild").Plugin}
 */
const undiciMended = {
  name: "undici-mended",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/llhttp_simd-wasm\.js$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("_simd", "")),
    }));
    onLoad({ filter: PATCHED_FILE }, ({ path }) => ({ contents: mendedClient(readFileSync(path, "utf8")) }));
  },
};

/**
 * Of MCP's SDK what a server with tools needs. It would bring a validator of JSON Schema along (ajv, for what servers
 * ask of clients: Postern asks nothing), an older zod, and a converter from one to the other: 40 KB of the package.
 */
const mcpSdk = {
  name: "mcp-sdk",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^zod\/v4(-mini)?$/ }, () => ({ path: "./zod.js", external: true }));
    onResolve({ filter: /^zod\/v3$|^zod-to-json-schema$|\/ajv-provider\.js$/ }, ({ path, importer }) =>
      importer.includes("modelcontextprotocol") ? { path, namespace: "not-needed" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "not-needed" }, () => ({
      contents: "module.exports = { AjvJsonSchemaValidator: class {} };",
    }));
  },
};

/**
 * Data that ships as JSON under brotli, which is a fifth smaller than JavaScript under the package's own compression. It
 * is unpacked when somebody first wants it.
 */
function packed(file, value) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  mkdirSync("dist", { recursive: true });
  writeFileSync(`dist/${file}`, brotliCompressSync(JSON.stringify(value), { params }));
  return {
    contents: `
      import { readFileSync } from "node:fs";
      import { join } from "node:path";
      import { brotliDecompressSync } from "node:zlib";
      export default JSON.parse(brotliDecompressSync(readFileSync(join(__dirname, "${file}"))).toString());`,
    loader: "js",
  };
}

/**
 * The tokenizer's tokens, one after the other as bytes, 0xff between them: as such they are 20 KB smaller than as JSON. No
 * UTF-8 has that byte, so that the only token with it is the byte itself, which stands as nothing at all.
 */
function packedRanks(file, ranks) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const tokens = ranks.map((token) => Buffer.from(token));
  const own = tokens.filter((token) => token.includes(0xff));
  if (own.length !== 1 || own[0].length !== 1)
    throw new Error("the byte between the tokens is in one of them");
  const kept = tokens.map((token) => (token === own[0] ? Buffer.from([]) : token));
  const bytes = Buffer.concat(kept.flatMap((token) => [token, Buffer.from([0xff])]));
  mkdirSync("dist", { recursive: true });
  writeFileSync(`dist/${file}`, brotliCompressSync(bytes, { params }));
  return {
    contents: `
      import { readFileSync } from "node:fs";
      import { join } from "node:path";
      import { brotliDecompressSync } from "node:zlib";
      const bytes = brotliDecompressSync(readFileSync(join(__dirname, "${file}")));
      const ranks = [];
      for (let from = 0; from < bytes.length; ) {
        const end = bytes.indexOf(0xff, from);
        const token = end === from ? bytes.subarray(from, end + 1) : bytes.subarray(from, end);
        // What is no text, or has a mark that readers leave out, stands as its bytes, as in the original.
        const text = token.toString("utf8");
        const isText = !text.startsWith("\\ufeff") && Buffer.from(text).equals(token);
        ranks.push(isText ? text : [...token]);
        from = end + 1;
      }
      export default ranks;`,
    loader: "js",
  };
}

/** The tokenizer's table, a third of the package, and the catalogue of models. */
const packedTables = {
  name: "packed-tables",
  setup({ onLoad }) {
    onLoad({ filter: /bpeRanks[\\/]cl100k_base\.js$/ }, async ({ path }) => {
      const { default: ranks } = await import(pathToFileURL(path));
      return packedRanks("cl100k.br", ranks);
    });
    onLoad({ filter: /data[\\/]catalogue\.json$/ }, ({ path }) =>
      packed("catalogue.json.br", JSON.parse(readFileSync(path, "utf8"))),
    );
  },
};

/**
 * Of Copilot's SDK what starts a runtime inside our own process, looks for one of its own and answers for GitHub stays
 * out: a runtime is always given, and always a process.
 */
const slimCopilotSdk = {
  name: "slim-copilot-sdk",
  setup({ onResolve, onLoad }) {
    const unused = /^\.\/(copilotRequestHandler|ffiRuntimeHost|runtimeArtifacts)\.js$/;
    onResolve({ filter: unused }, ({ path, importer }) =>
      /[\\/]@github[\\/]copilot-sdk[\\/]/.test(importer) ? { path, namespace: "unused-of-sdk" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "unused-of-sdk" }, () => ({ contents: "module.exports = {};" }));
  },
};

const result = await build({
  entryPoints: {
    extension: "src/extension.ts",
    engine: "src/engine.ts",
    cli: "src/cli.ts",
    engineRuntime: "src/engine/runtime.ts",
    zod: "zod",
    jsonrpc: "vscode-jsonrpc/node",
    tokenizer: "src/engine/tokens/cl100k.ts",
    yaml: "src/vscode/interchange/yaml.ts",
    secretRules: "src/engine/secrets/secretRules.ts",
    catalogue: "src/engine/models/shippedCatalogue.ts",
    mcp: "src/engine/mcp/mcpBundle.ts",
    agent: "src/copilot/agent/index.ts",
    copilot: "src/copilot/index.ts",
    copilotSdk: COPILOT_SDK,
    ...PARTS,
    jsonc: "jsonc-parser",
  },
  plugins: [
    mcpSdk,
    sharedRuntime,
    sharedLibraries,
    sharedParts,
    undiciDispatchers,
    undiciMended,
    packedTables,
    slimCopilotSdk,
  ],
  outdir,
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "cjs",
  // Node 20.18 is the oldest that runs the headless program; every supported VS Code is newer.
  target: "node20",
  // koffi is for a runtime inside our own process, which is never asked for.
  external: ["vscode", "koffi"],
  // jsonc-parser's main is UMD, whose requires a bundler cannot follow.
  mainFields: ["module", "main"],
  define: { POSTERN_VERSION: JSON.stringify(version) },
  minify: !development,
  sourcemap: development ? "linked" : false,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const packages = shippedPackages(Object.keys(result.metafile.inputs), root);
const data = readJson("src/core/models/data/notices.json");
writeFileSync(join(outdir, "THIRD-PARTY-NOTICES.txt"), thirdPartyNotices(packages, root, data));
const bill = sbom({ name, version, license }, packages, data, readJson("package-lock.json"));
writeFileSync(join(outdir, "sbom.cdx.json"), bill);

for (const [file, { bytes }] of Object.entries(result.metafile.outputs)) {
  if (file.endsWith(".js")) console.log(`${file}  ${(bytes / 1024).toFixed(0)} KB`);
}
