import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UNSHIPPED_LICENCES } from "./unshippedLicences.mjs";

/**
 * The licence notices of every package whose code or data a bundle contains.
 *
 * @param {import("./shippedPackages.mjs").ShippedPackage[]} packages
 * @param {string} root
 * @param {{ title: string, text: string }[]} data notices of packages that data was taken from
 * @returns {string} the notices, by package name
 * @throws when a package ships no licence text, since it must not be left out
 */
export function thirdPartyNotices(packages, root, data) {
  const code = packages.map(({ folder, name, version, license }) => {
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
  notices.sort((a, b) => (a.title < b.title ? -1 : 1));
  const body = notices
    .map(({ title, text }) => `${title}\n${"-".repeat(title.length)}\n${text}\n`)
    .join("\n\n");
  return `Postern contains code or data of the following packages.\n\n${body}`;
}
