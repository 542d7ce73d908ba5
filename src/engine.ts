import { logSafeText } from "./core/errors";
import { runEngineProcess } from "./engine/engineProcess";
import { readBoot } from "./engine/lifecycle/boot";

readBoot(process.stdin)
  .then((boot) => runEngineProcess(boot, POSTERN_VERSION))
  .then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`the engine failed: ${logSafeText(error)}\n`);
      process.exit(1);
    },
  );
