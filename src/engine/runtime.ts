/** What the two programs of the engine run. They share one bundle, so that the package holds it once. */
export { logSafeText, PosternError } from "../core/errors";
export { askAgent, compareModels } from "./agent/agentCommand";
export { rulesOf } from "./agent/person";
export { exportData, verifyData } from "./audit/auditCommands";
export type { ExportOptions } from "./audit/exportAudit";
export { deviceFlow } from "./copilot/deviceFlow";
export { downloadCopilot } from "./copilot/downloadCopilot";
export { runEngineProcess } from "./engineProcess";
export { check, loadConfigFile, problemLines, serve } from "./headless";
export { readBoot } from "./lifecycle/boot";
export { crashText, dieQuietly } from "./lifecycle/crash";
export { keepRequestsYoung } from "./lifecycle/youngGeneration";
export { joinMcp, serveMcp } from "./mcp/mcpCommand";
export { NamedFileError } from "./namedFile";
export { type PolicyTestQuestion, testPolicy } from "./policy/policyTest";
