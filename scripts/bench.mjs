// `npm run bench [ROUNDS]`: builds, then measures direct, a bare pipe and the gateway in one run.
import { ensureNode24 } from "./lib/node24.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { runOrThrow } from "./lib/run.mjs";

await runOrThrow(process.execPath, [inRoot("esbuild.mjs")], { cwd: root });
await runOrThrow(await ensureNode24(), [inRoot("bench", "bench.mjs"), ...process.argv.slice(2)], {
  cwd: root,
  show: true,
});
