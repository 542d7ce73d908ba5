import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";

const EXE = process.platform === "win32" ? ".exe" : "";

/** How the script is called by which npm starts the Copilot CLI. */
const LOADER = "npm-loader.js";
/** In the Copilot CLI's own help. */
const MARK = "GitHub Copilot CLI";
const PIECE_BYTES = 4 * 1024 * 1024;

/** The platform's name in npm packages of the SDK. */
export function platformName(): string {
  const musl = process.platform === "linux" && isMusl();
  return `${musl ? "linuxmusl" : process.platform}-${process.arch}`;
}

/** glibc names its version in Node's report, musl has none. */
function isMusl(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header !== undefined && report.header.glibcVersionRuntime === undefined;
}

/** Where the runtime lies inside a platform's package. */
export function runtimeIn(packageFolder: string): string {
  return join(packageFolder, "prebuilds", platformName(), `copilot-runtime${EXE}`);
}

/** The runtime that the SDK of this version was made for. */
export const RUNTIME_VERSION = "1.0.14";

/** Where a downloaded runtime is kept: not where one of another version may be. */
export function downloadFolder(dataDir: string): string {
  return join(dataDir, "copilot-runtime", RUNTIME_VERSION);
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string | undefined;
}

/**
 * The runtime's program: the setting, `COPILOT_CLI_PATH`, the downloaded one, `copilot` on PATH, the package of the SDK.
 * @throws nothing; what was looked for and why it will not do is in the answer
 */
export function locateRuntime(
  cliPath: string | undefined,
  { environment, dataDir }: Surroundings,
): { readonly path: string } | { readonly missing: string } {
  for (const [name, given] of [
    ["the setting copilot.cliPath", cliPath],
    ["the environment variable COPILOT_CLI_PATH", environment.COPILOT_CLI_PATH],
  ] as const) {
    if (given === undefined || given === "") continue;
    // A relative path would mean another program in another folder.
    if (!isAbsolute(given)) return { missing: `${name} must be an absolute path` };
    return usable(given) ? { path: given } : { missing: `${name} names ${given}, where no program is` };
  }
  const downloaded = dataDir === undefined ? undefined : runtimeIn(downloadFolder(dataDir));
  if (downloaded !== undefined && usable(downloaded)) return { path: downloaded };
  let other: string | undefined;
  for (const folder of (environment.PATH ?? environment.Path ?? "").split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const path = copilotIn(folder);
    if (path !== undefined && usable(path)) {
      if (isGitHubs(path)) return { path };
      other ??= path;
    }
  }
  const installed = installedPackage(environment);
  if (installed !== undefined && usable(installed)) return { path: installed };
  return {
    missing: `no Copilot runtime is on this machine: none at copilot.cliPath, in COPILOT_CLI_PATH, as copilot on the PATH${other === undefined ? "" : ` (${other} is not GitHub's)`}, or as the npm package @github/copilot-sdk-${platformName()}. In VS Code run "Postern: Download Copilot Runtime"; headless, "postern copilot download"`,
  };
}

/** `copilot` in a folder of the PATH; where npm has put a script there, the program that it would run. */
function copilotIn(folder: string): string | undefined {
  const path = join(folder, `copilot${EXE}`);
  const script = existsSync(join(folder, "copilot.cmd"))
    ? join(folder, "node_modules", "@github", "copilot", LOADER)
    : linkedTo(path);
  if (basename(script) !== LOADER) return existsSync(path) ? path : undefined;
  try {
    return createRequire(script).resolve(`@github/copilot-${platformName()}`);
  } catch {
    return undefined;
  }
}

function linkedTo(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What has been looked through, by its path, size and time: the program is large. */
const looked = new Map<string, boolean>();

/** Whether the program says of itself that it is GitHub's: AWS has one of the same name. It is not run to find out. */
function isGitHubs(path: string): boolean {
  try {
    const { size, mtimeMs } = statSync(path);
    const key = `${path} ${size} ${mtimeMs}`;
    const known = looked.get(key) ?? contains(path, MARK);
    looked.set(key, known);
    return known;
  } catch {
    return false;
  }
}

function contains(path: string, text: string): boolean {
  const file = openSync(path, "r");
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    for (let at = 0; ; at += PIECE_BYTES - text.length) {
      const read = readSync(file, piece, 0, PIECE_BYTES, at);
      if (piece.subarray(0, read).includes(text)) return true;
      if (read < PIECE_BYTES) return false;
    }
  } finally {
    closeSync(file);
  }
}

/** The package where npm installs for everybody, and where programs of the person's look for theirs. */
function installedPackage(environment: Surroundings["environment"]): string | undefined {
  const name = `@github/copilot-sdk-${platformName()}/package.json`;
  const beside = join(
    dirname(process.execPath),
    process.platform === "win32" ? "." : "../lib",
    "node_modules",
  );
  const folders = [...(environment.NODE_PATH ?? "").split(delimiter), beside].filter((path) =>
    isAbsolute(path),
  );
  for (const folder of folders) {
    try {
      return runtimeIn(dirname(createRequire(join(folder, "x.js")).resolve(join(folder, name))));
    } catch {}
  }
  return undefined;
}

function usable(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    if (process.platform === "win32" || path.endsWith(".js")) return true;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return madeRunnable(path);
  }
}

/** npm unpacks some files without the right to run them. */
function madeRunnable(path: string): boolean {
  if (!path.includes("copilot-runtime")) return false;
  try {
    chmodSync(path, 0o755);
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
