import { crashText, dieQuietly, keepRequestsYoung, readBoot, runEngineProcess } from "./engine/runtime";

dieQuietly("the engine");
keepRequestsYoung();

/** Read only where somebody uses a Copilot subscription. */
const loadCopilot = () => import("./copilot");

readBoot(process.stdin)
  .then((boot) => runEngineProcess(boot, POSTERN_VERSION, loadCopilot))
  .then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`the engine failed: ${crashText(error)}\n`);
      process.exit(1);
    },
  );
