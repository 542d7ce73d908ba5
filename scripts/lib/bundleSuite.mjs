// Bundles a folder's tests into one file that the extension host, or Node, can load.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { cacheFolder, inRoot } from "./paths.mjs";

/**
 * Bundles every `*.test.ts` of a folder and the folder's own `suite/index.ts`, whose exports the bundle has.
 * Found and not listed, so that no test can be forgotten.
 *
 * @param {"vscode" | "browser"} name folder below `test/`
 * @returns {Promise<string>} path of the bundle, a CommonJS file
 */
export async function bundleSuite(name) {
  const folder = inRoot("test", name);
  const tests = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".test.ts"))
    .sort();
  const outfile = join(cacheFolder, "suites", name, "index.js");
  await build({
    stdin: {
      contents: [...tests.map((file) => `import "./${file}";`), 'export * from "./suite/index";'].join("\n"),
      resolveDir: folder,
      loader: "ts",
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode", "playwright-core"],
    sourcemap: "inline",
    logLevel: "warning",
  });
  return outfile;
}
