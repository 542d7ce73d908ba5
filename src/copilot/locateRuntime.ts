import { accessSync, chmodSync, constants, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, isAbsolute, join } from "node:path";

const EXE = process.platform === "win32" ? ".exe" : "";

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

/** Where a downloaded runtime is kept. */
export function downloadFolder(dataDir: string): string {
  return join(dataDir, "copilot-runtime");
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
  for (const folder of (environment.PATH ?? environment.Path ?? "").split(delimiter)) {
    const path = join(folder, `copilot${EXE}`);
    if (isAbsolute(folder) && usable(path)) return { path };
  }
  const installed = installedPackage(environment);
  if (installed !== undefined && usable(installed)) return { path: installed };
  return {
    missing: `no Copilot runtime is on this machine: none at copilot.cliPath, in COPILOT_CLI_PATH, as copilot on the PATH, or as the npm package @github/copilot-sdk-${platformName()}. In VS Code run "Postern: Download Copilot Runtime"; headless, "postern copilot download"`,
  };
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
