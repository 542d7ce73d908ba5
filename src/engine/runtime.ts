/** What the two programs of the engine run. They share one bundle, so that the package holds it once. */
export { logSafeText } from "../core/errors";
export { type CheckOptions, check } from "./diagnosis/check";
export { runEngineProcess } from "./engineProcess";
export { loadConfigFile, problemLines, serve } from "./headless";
export { readBoot } from "./lifecycle/boot";
export { type PolicyQuestion, testPolicy } from "./policy/policyTest";
