// `npm run soak`: builds, then runs test/wear with all its numbers: 2,000 streams at once, 100,000 requests, 10,000
// aborted ones, 25 kills. Some ten minutes on two cores.
import { cleanUp } from "./lib/cleanup.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { runOrThrow } from "./lib/run.mjs";
import { closingLine } from "./lib/tally.mjs";
import { wearSuite } from "./lib/wearSuite.mjs";

await runOrThrow(process.execPath, [inRoot("esbuild.mjs")], { cwd: root });
const result = await wearSuite("long");
await cleanUp();
for (const { name, message } of result.failures) console.log(`✗ ${name}\n${message.replace(/^/gm, "    ")}`);
console.log(`\n${closingLine([result])}`);
process.exit(result.failures.length === 0 ? 0 : 1);
