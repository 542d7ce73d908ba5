// Makes the .vsix that users install, and that the browser suite and `npm start` install too.
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ensureNode24 } from "./node24.mjs";
import { inRoot, root } from "./paths.mjs";
import { runCollecting } from "./run.mjs";

/**
 * Packages dist/ as it is; build first.
 *
 * @returns {Promise<{ path: string, warnings: string[], bytes: number }>}
 * @throws when vsce refuses, with what it says
 */
export async function packageVsix() {
  const { name, version, repository } = JSON.parse(await readFile(inRoot("package.json"), "utf8"));
  const path = inRoot(`${name}-${version}.vsix`);
  const { code, output } = await runCollecting(
    await ensureNode24(),
    [
      inRoot("node_modules", "@vscode", "vsce", "vsce"),
      ...["package", "--no-dependencies", "--out", path],
      // The manifest names no repository until there is a public one.
      ...(repository ? [] : ["--allow-missing-repository"]),
    ],
    { cwd: root },
  );
  if (code !== 0) throw new Error(`vsce package failed:\n${output.trim()}`);
  const warnings = output.split("\n").filter((line) => /\bWARN(ING)?\b/.test(line));
  return { path, warnings, bytes: statSync(path).size };
}
