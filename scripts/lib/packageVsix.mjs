// Makes the .vsix that users install, and that the browser suite and `npm start` install too.
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureNode24 } from "./node24.mjs";
import { inRoot, root } from "./paths.mjs";
import { runCollecting } from "./run.mjs";

/** The date of every file in the archive: two builds give the same bytes, whenever and wherever they are made. */
const EPOCH_SECONDS = 1_577_836_800;

/**
 * Packages dist/ as it is; build first.
 *
 * @param {string} [folder] the root of what is packaged
 * @returns {Promise<{ path: string, warnings: string[], bytes: number }>}
 * @throws when vsce refuses, with what it says
 */
export async function packageVsix(folder = root) {
  const { name, version, repository } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const path = join(folder, `${name}-${version}.vsix`);
  const { code, output } = await runCollecting(
    await ensureNode24(),
    [
      inRoot("node_modules", "@vscode", "vsce", "vsce"),
      ...["package", "--no-dependencies", "--out", path],
      // The manifest names no repository until there is a public one.
      ...(repository ? [] : ["--allow-missing-repository"]),
    ],
    // The dates in a zip archive are local times.
    { cwd: folder, env: { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH_SECONDS), TZ: "UTC" } },
  );
  if (code !== 0) throw new Error(`vsce package failed:\n${output.trim()}`);
  const warnings = output.split("\n").filter((line) => /\bWARN(ING)?\b/.test(line));
  return { path, warnings, bytes: statSync(path).size };
}
