// `npm run test:electron`: the extension-host suite in a desktop VS Code. Under code-server the same suite runs with
// `npm run test:vscode`.
import { cleanUp } from "./lib/cleanup.mjs";
import { testElectron } from "./lib/electronSuite.mjs";
import { closingLine, couldNotRun, total } from "./lib/tally.mjs";

const result = await testElectron().catch((error) => couldNotRun("electron", String(error)));
await cleanUp();
for (const { name, message } of result.failures) console.log(`✗ ${name}\n${message.replace(/^/gm, "    ")}`);
console.log(`\n${closingLine([result])}`);
process.exit(total([result]).failed === 0 ? 0 : 1);
