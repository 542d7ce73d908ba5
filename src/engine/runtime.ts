/** What the two programs of the engine run. They share one bundle, so that the package holds it once. */
export { runEngineProcess } from "./engineProcess";
export { check, loadConfigFile, problemLines, serve } from "./headless";
export { readBoot } from "./lifecycle/boot";
export { crashText, dieQuietly } from "./lifecycle/crash";
export { type PolicyQuestion, testPolicy } from "./policy/policyTest";
