import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A package whose code a bundle contains.
 *
 * @typedef {object} ShippedPackage
 * @property {string} folder relative to the root
 * @property {string} name
 * @property {string} version
 * @property {string} license as the package says it, an SPDX expression
 * @property {Record<string, string>} scripts
 */

/**
 * The packages that a build took files from, by name.
 *
 * @param {string[]} inputs the files that esbuild took in, relative to `root`
 * @param {string} root
 * @returns {ShippedPackage[]}
 */
export function shippedPackages(inputs, root) {
  const folders = new Set(inputs.flatMap((input) => packageFolder(input, root) ?? []));
  const packages = [...folders].map((folder) => {
    const {
      name,
      version,
      license,
      scripts = {},
    } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return { folder, name, version, license, scripts };
  });
  return packages.sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/**
 * @param {string} input
 * @param {string} root
 */
function packageFolder(input, root) {
  const parts = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input.replaceAll("\\", "/"));
  return parts?.[1] && existsSync(join(root, parts[1])) ? parts[1] : undefined;
}
