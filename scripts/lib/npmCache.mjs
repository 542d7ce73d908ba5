// Packages from npm that only the harness needs (Node 24, code-server, a Chromium), in a cache folder rather
// than in devDependencies: they are hundreds of megabytes that `npm ci` of a contributor should not pay for.
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { atEnd } from "./cleanup.mjs";
import { cacheFolder } from "./paths.mjs";
import { withProgress } from "./progress.mjs";
import { runOrThrow } from "./run.mjs";

// npm hands its own view of the outer project to the scripts it runs; an inner npm must not believe it.
const outerProject = /^npm_(package_|lifecycle_|config_local_prefix$|command$)/;

/**
 * Runs npm in a folder.
 *
 * @param {string[]} args
 * @param {string} cwd
 */
export async function runNpm(args, cwd) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !outerProject.test(name)));
  const npmCli = process.env.npm_execpath;
  if (npmCli && /npm-cli\.[cm]?js$/.test(npmCli))
    return runOrThrow(process.execPath, [npmCli, ...args], { cwd, env });
  // npm is a .cmd file on Windows, which only a shell can start.
  return runOrThrow("npm", args, { cwd, env, shell: process.platform === "win32" });
}

/**
 * Installs packages into a folder of the cache, once. The folder appears whole or not at all: the work is
 * done beside it and renamed, so an interrupted run leaves nothing that looks finished and two runs at once
 * do no harm.
 *
 * @param {{ folder: string, label: string, packages: string[], finish?: (folder: string) => Promise<void> }} what
 *   `folder`: path within the cache, with the version in it; `packages`: as for `npm install`;
 *   `finish`: what else belongs to the installation
 * @returns {Promise<string>} the folder's path; the packages are in its `node_modules`
 * @throws when npm cannot install them
 */
export async function ensureInstalled({ folder, label, packages, finish }) {
  const final = join(cacheFolder, folder);
  if (existsSync(final)) return final;
  return withProgress(label, async () => {
    const work = join(cacheFolder, `.installing-${folder.replaceAll("/", "-")}-${process.pid}`);
    const forget = atEnd(() => rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
    try {
      await rm(work, { recursive: true, force: true });
      await mkdir(work, { recursive: true });
      await writeFile(join(work, "package.json"), JSON.stringify({ private: true }));
      await runNpm(
        ["install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", ...packages],
        work,
      );
      await finish?.(work);
      await mkdir(dirname(final), { recursive: true });
      await rename(work, final).catch((error) => {
        if (!existsSync(final)) throw error;
      });
    } finally {
      forget();
      await rm(work, { recursive: true, force: true });
    }
    return final;
  });
}
