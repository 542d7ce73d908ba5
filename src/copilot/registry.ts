import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { CopilotFault } from "../core/copilot/contract";

/** A platform's package, as a registry describes it. */
export interface PackageFile {
  readonly tarball: URL;
  /** sha512 of the file, in base64. */
  readonly sha512: string;
}

/**
 * Which npm registry the person uses: what was said here, or else what npm itself is configured with. None is written
 * down in Postern, so that a company's own mirror is never gone past.
 * @throws CopilotFault
 */
export async function registryAddress(given: string | undefined): Promise<URL> {
  const named = given ?? process.env.npm_config_registry ?? (await askNpm());
  const url = named === undefined ? undefined : parsed(named.endsWith("/") ? named : `${named}/`);
  const local = url?.protocol === "http:" && /^(127\.0\.0\.1|localhost)$/.test(url.hostname);
  if (!url || (url.protocol !== "https:" && !local)) {
    throw fault(
      "It is not known which npm registry to use. Install npm, or name the registry's https:// address in the environment variable npm_config_registry.",
    );
  }
  return url;
}

/** @throws CopilotFault */
export async function packageFile(
  registry: URL,
  name: string,
  version: string,
  signal: AbortSignal,
): Promise<PackageFile> {
  const url = new URL(`${name.replace("/", "%2f")}/${version}`, registry);
  const response = await fetch(url, { signal, headers: { accept: "application/json" } });
  if (response.status !== 200) {
    throw fault(
      `${registry.host} has no ${name} ${version} (HTTP ${response.status}). Install the Copilot CLI instead, or name a runtime in copilot.cliPath.`,
    );
  }
  const { dist } = (await response.json()) as { dist?: { tarball?: unknown; integrity?: unknown } };
  const tarball = typeof dist?.tarball === "string" ? parsed(dist.tarball, registry.href) : undefined;
  const sha512 =
    typeof dist?.integrity === "string" ? /\bsha512-([A-Za-z0-9+/=]+)/.exec(dist.integrity)?.[1] : undefined;
  if (!tarball || !/^https?:$/.test(tarball.protocol) || sha512 === undefined)
    throw fault(`${registry.host} does not say where ${name} is, or by which hash it is checked.`);
  return { tarball, sha512 };
}

function askNpm(): Promise<string | undefined> {
  const windows = process.platform === "win32";
  return new Promise((resolve) => {
    // Fixed words, nothing of a person's; npm is a script for the shell on Windows. Not in the folder that the person is
    // in: a repository's .npmrc would name a registry whose program is run afterwards.
    execFile(
      windows ? "npm.cmd" : "npm",
      ["config", "get", "registry"],
      { timeout: 15_000, shell: windows, windowsHide: true, cwd: dirname(process.execPath) },
      (error, stdout) => resolve(error ? undefined : stdout.trim().split("\n").at(-1)?.trim()),
    );
  });
}

export function fault(message: string): CopilotFault {
  return new CopilotFault({ status: 502, message, code: "provider_unreachable" });
}

function parsed(text: string, base?: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}
