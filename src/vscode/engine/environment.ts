/**
 * What the engine needs from the environment and nothing else. An allow-list, because the extension host's environment
 * often holds keys, and everything in an environment can be read by whoever may look at the process.
 */
const PASSED_ON = [
  "PATH",
  "HOME",
  "USERPROFILE",
  "TMPDIR",
  "TEMP",
  "TMP",
  "LANG",
  "LC_ALL",
  "TZ",
  "SystemRoot",
  "APPDATA",
  "LOCALAPPDATA",
  "XDG_RUNTIME_DIR",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  // Where Copilot's runtime is looked for, and where npm would fetch it.
  "COPILOT_CLI_PATH",
  "NODE_PATH",
  "npm_config_registry",
  "NPM_CONFIG_REGISTRY",
] as const;

/** The environment the engine is started with. */
export function engineEnvironment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed: NodeJS.ProcessEnv = { ELECTRON_RUN_AS_NODE: "1" };
  for (const name of PASSED_ON) {
    // On Windows process.env is found under any case, so "PATH" also finds "Path".
    const value = own[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}
