import { crashText, dieQuietly, readBoot, runEngineProcess } from "./engine/runtime";

dieQuietly("the engine");

readBoot(process.stdin)
  .then((boot) => runEngineProcess(boot, POSTERN_VERSION))
  .then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`the engine failed: ${crashText(error)}\n`);
      process.exit(1);
    },
  );
