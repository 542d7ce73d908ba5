// Writes `contributes` of package.json from src/vscode/manifest, which knows the commands, menus and settings.
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { inRoot, root } from "./lib/paths.mjs";
import { runOrThrow } from "./lib/run.mjs";

const { outputFiles } = await build({
  entryPoints: [inRoot("src/vscode/manifest/contributes.ts")],
  bundle: true,
  platform: "node",
  format: "esm",
  // As in esbuild.mjs: jsonc-parser's UMD build cannot be bundled.
  mainFields: ["module", "main"],
  write: false,
});
const code = Buffer.from(outputFiles[0].contents).toString("base64");
const { contributes } = await import(`data:text/javascript;base64,${code}`);

const file = inRoot("package.json");
const manifest = JSON.parse(await readFile(file, "utf8"));
await writeFile(file, `${JSON.stringify({ ...manifest, contributes: contributes() }, null, 2)}\n`);
const biome = inRoot("node_modules", "@biomejs", "biome", "bin", "biome");
await runOrThrow(process.execPath, [biome, "format", "--write", file], { cwd: root });
console.log("package.json is up to date.");
