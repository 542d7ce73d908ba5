import { logSafeText, readBoot, runEngineProcess } from "./engine/runtime";

readBoot(process.stdin)
  .then((boot) => runEngineProcess(boot, POSTERN_VERSION))
  .then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`the engine failed: ${logSafeText(error)}\n`);
      process.exit(1);
    },
  );
