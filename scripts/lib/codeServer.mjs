// A real VS Code from npm: code-server, which is VS Code's own workbench and extension host behind a web
// server. Used where VS Code's own download hosts cannot be reached, which is everywhere the tests run.

import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeNativeStandIns } from "./nativeStandIns.mjs";
import { ensureNode24 } from "./node24.mjs";
import { ensureInstalled, runNpm } from "./npmCache.mjs";
import { startService, untilAnswers } from "./processes.mjs";
import { runOrThrow } from "./run.mjs";
import { serveSignInLink } from "./signInLink.mjs";

const version = "4.139.1";

/**
 * Installs code-server into the cache, without its install scripts, which would compile native modules for
 * two minutes and want a compiler.
 *
 * @returns {Promise<string>} the package's folder
 */
export async function ensureCodeServer() {
  const folder = await ensureInstalled({
    folder: `code-server-${version}`,
    label: `Fetching VS Code (code-server ${version}, about 600 MB unpacked) from npm (first run only)`,
    packages: [`code-server@${version}`],
    finish: async (work) => {
      const vscode = join(work, "node_modules", "code-server", "lib", "vscode");
      const install = ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"];
      await runNpm(install, vscode);
      await runNpm(install, join(vscode, "extensions"));
      await writeNativeStandIns(vscode);
    },
  });
  return join(folder, "node_modules", "code-server");
}

/**
 * The environment of a VS Code of its own. Variables of an outer VS Code, there when this runs in one of its
 * terminals, would steer the new one. Sockets and temporary files go into the run's folder, so that this one
 * neither meets another's nor leaves any behind; the variable that names the folder marks its processes.
 *
 * @param {string} runFolder
 * @param {Record<string, string>} extra
 * @param {{ desktop?: boolean }} [options] `desktop`: keeps XDG_RUNTIME_DIR, where the display's socket is
 */
export function environmentFor(runFolder, extra, { desktop = false } = {}) {
  const temporary = join(runFolder, "tmp");
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  const sockets = desktop ? {} : { XDG_RUNTIME_DIR: temporary };
  const own = { TMPDIR: temporary, ...sockets, POSTERN_RUN_FOLDER: runFolder };
  const foreign = /^(VSCODE_|ELECTRON_|NODE_OPTIONS$|npm_|PASSWORD$|HASHED_PASSWORD$|PORT$|CODE_SERVER_)/;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
    ...own,
    ...extra,
  };
}

/**
 * Writes a user's settings as VS Code reads them.
 *
 * @param {string} userDataDir
 * @param {Record<string, unknown>} settings
 */
export function writeUserSettings(userDataDir, settings) {
  mkdirSync(join(userDataDir, "User"), { recursive: true });
  writeFileSync(join(userDataDir, "User", "settings.json"), JSON.stringify(settings, null, 2));
}

/**
 * Brings up VS Code as a user would meet it, with an extension installed from its .vsix.
 *
 * It listens on 127.0.0.1 alone, and behind a password made for this run: without one any page the browser
 * shows (by DNS rebinding) and any other user of the machine would hold a terminal of this user. The person
 * is not asked for it: `openUrl` signs the browser in.
 *
 * @param {{ port: number, runFolder: string, vsix: string, settings: Record<string, unknown>, folder: string,
 *   env?: Record<string, string> }} options `runFolder`: a fresh folder, gets the user's data, the extensions
 *   and the log; `folder`: what VS Code opens; `env`: added to the environment, extension host included
 * @returns {Promise<import("./processes.mjs").Service & { url: string, openUrl: string, userDataDir: string,
 *   extensionsDir: string }>}
 * @throws when it does not come up, with the end of its log
 */
export async function startCodeServerAsUser({ port, runFolder, vsix, settings, folder, env = {} }) {
  const node = await ensureNode24();
  const entry = join(await ensureCodeServer(), "out", "node", "entry.js");
  const userDataDir = join(runFolder, "user-data");
  const extensionsDir = join(runFolder, "extensions");
  writeUserSettings(userDataDir, settings);
  const password = randomBytes(24).toString("base64url");
  const common = [
    entry,
    ...["--user-data-dir", userDataDir, "--extensions-dir", extensionsDir],
    // Without a file of its own it would write one into the user's home.
    ...["--config", join(runFolder, "code-server.yaml")],
  ];
  const environment = environmentFor(runFolder, env);
  await runOrThrow(node, [...common, "--install-extension", vsix], { env: environment });
  const service = startService(
    node,
    [
      ...common,
      ...["--auth", "password", "--bind-addr", `127.0.0.1:${port}`],
      ...["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"],
      ...["--disable-getting-started-override", "--disable-proxy", "--ignore-last-opened"],
    ],
    { env: { ...environment, PASSWORD: password }, logFile: join(runFolder, "code-server.log") },
  );
  const url = `http://127.0.0.1:${port}/`;
  await untilAnswers(service, `${url}healthz`, "VS Code (code-server)");
  const openUrl = await serveSignInLink({
    target: url,
    password,
    open: `/?folder=${encodeURIComponent(folder)}`,
  });
  return { ...service, url, openUrl, userDataDir, extensionsDir };
}

/**
 * Brings up VS Code's server for tests inside the extension host: the page at `openUrl` runs the tests
 * module (same contract as under `@vscode/test-electron`) with the extension loaded from its source folder.
 *
 * @param {{ port: number, runFolder: string, extensionPath: string, testsPath: string, folder: string,
 *   settings?: Record<string, unknown>, env?: Record<string, string> }} options paths are absolute
 * @returns {Promise<import("./processes.mjs").Service & { openUrl: string, dataDir: string }>}
 * @throws when it does not come up, with the end of its log
 */
export async function startTestServer({
  port,
  runFolder,
  extensionPath,
  testsPath,
  folder,
  settings = {},
  env = {},
}) {
  const node = await ensureNode24();
  const entry = join(await ensureCodeServer(), "lib", "vscode", "out", "server-main.js");
  const dataDir = join(runFolder, "server-data");
  writeUserSettings(join(dataDir, "data"), settings);
  // Random, since this server too holds a terminal of the user for as long as the tests run.
  const token = randomBytes(24).toString("base64url");
  const tokenFile = join(runFolder, "connection-token");
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const service = startService(
    node,
    [
      entry,
      ...["--host", "127.0.0.1", "--port", String(port), "--connection-token-file", tokenFile],
      ...["--accept-server-license-terms", "--enable-smoke-test-driver", "--disable-workspace-trust"],
      ...["--server-data-dir", dataDir, "--extensions-dir", join(runFolder, "extensions")],
      ...["--telemetry-level", "off"],
    ],
    {
      env: environmentFor(runFolder, env),
      logFile: join(runFolder, "server.log"),
    },
  );
  const authority = `127.0.0.1:${port}`;
  await untilAnswers(service, `http://${authority}/version`, "VS Code's test server");
  const payload = [
    ["extensionDevelopmentPath", `vscode-remote://${authority}${urlPath(extensionPath)}`],
    ["extensionTestsPath", `vscode-remote://${authority}${urlPath(testsPath)}`],
    ["skipWelcome", "true"],
    // Whatever the extension could log is in its log, for the searches for keys.
    ["logLevel", "postern.postern=trace"],
  ];
  const query = new URLSearchParams({
    tkn: token,
    folder: urlPath(folder),
    payload: JSON.stringify(payload),
  });
  return { ...service, openUrl: `http://${authority}/?${query}`, dataDir };
}

/** @param {string} path a file's path; Windows' `C:\x` becomes `/C:/x` */
function urlPath(path) {
  const slashed = path.replaceAll("\\", "/");
  return slashed.startsWith("/") ? slashed : `/${slashed}`;
}
