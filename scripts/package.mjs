// Builds and packages: postern-VERSION.vsix in the repository's root.
import { packageVsix } from "./lib/packageVsix.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { runOrThrow } from "./lib/run.mjs";

await runOrThrow(process.execPath, [inRoot("esbuild.mjs")], { cwd: root, show: true });
const { path, warnings, bytes } = await packageVsix();
for (const warning of warnings) console.error(warning);
console.log(`${path}  ${(bytes / 1024).toFixed(0)} KB`);
