// `npm run bench [ROUNDS]`: builds, then measures direct, a bare pipe and the gateway in one run.
// `npm run bench ledger [ROWS]`: measures the ledger alone.
import { ensureNode24 } from "./lib/node24.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { runOrThrow } from "./lib/run.mjs";

const [first, ...rest] = process.argv.slice(2);
const isLedger = first === "ledger";
if (!isLedger) await runOrThrow(process.execPath, [inRoot("esbuild.mjs")], { cwd: root });
const args = isLedger
  ? [inRoot("bench", "ledger.mjs"), ...rest]
  : [inRoot("bench", "bench.mjs"), ...process.argv.slice(2)];
await runOrThrow(await ensureNode24(), args, {
  cwd: root,
  show: true,
});
