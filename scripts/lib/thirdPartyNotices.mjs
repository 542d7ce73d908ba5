import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UNSHIPPED_LICENCES } from "./unshippedLicences.mjs";

/**
 * The licence notices of every package whose code or data a bundle contains.
 *
 * @param {string[]} inputs the files that esbuild took in, relative to `root`
 * @param {string} root
 * @param {{ title: string, text: string }[]} data notices of packages that data was taken from
 * @returns {string} the notices, by package name
 * @throws when a package ships no licence text, since it must not be left out
 */
export function thirdPartyNotices(inputs, root, data) {
  const folders = new Set(inputs.flatMap((input) => packageFolder(input) ?? []));
  const code = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const file = readdirSync(join(root, folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const title = `${name} ${version} (${license})`;
    const known = UNSHIPPED_LICENCES[name];
    if (!file && known !== undefined) return { title, text: known };
    if (!file) throw new Error(`${name} ${version} (${license}) ships no licence text`);
    return {
      title,
      text: readFileSync(join(root, folder, file), "utf8").trim(),
    };
  });
  const notices = [...code, ...data];
  notices.sort((a, b) => a.title.localeCompare(b.title));
  const body = notices
    .map(({ title, text }) => `${title}\n${"-".repeat(title.length)}\n${text}\n`)
    .join("\n\n");
  return `Postern contains code or data of the following packages.\n\n${body}`;
}

/** @param {string} input */
function packageFolder(input) {
  const parts = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input.replaceAll("\\", "/"));
  return parts?.[1] && existsSync(parts[1]) ? parts[1] : undefined;
}
