import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shippedLibraries } from "../../scripts/lib/bill.mjs";
import { packageVsix } from "../../scripts/lib/packageVsix.mjs";
import { inRoot, root } from "../../scripts/lib/paths.mjs";
import { runOrThrow } from "../../scripts/lib/run.mjs";

const MAX_VSIX_BYTES = 1_000_000;
const LICENCES = new Set(["MIT", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"]);

const folder = mkdtempSync(join(tmpdir(), "postern-shipped-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Builds and packages what ships in a folder of its own, which has nothing in common with another but the sources. */
async function release(name, year) {
  const at = join(folder, name);
  mkdirSync(at);
  for (const file of [
    ".vscodeignore",
    "package.json",
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE",
    "media",
  ])
    cpSync(inRoot(file), join(at, file), { recursive: true });
  await runOrThrow(process.execPath, [inRoot("esbuild.mjs"), join(at, "dist")], {
    cwd: year === 2031 ? root : folder,
  });
  for (const file of readdirSync(at, { recursive: true }))
    utimesSync(join(at, String(file)), new Date(`${year}-05-05`), new Date(`${year}-05-05`));
  return { at, ...(await packageVsix(at)) };
}

let releases;
beforeAll(async () => {
  releases = [await release("one", 2031), await release("two", 2027)];
}, 120_000);

describe("what ships", () => {
  it("is the same to the byte in two builds", () => {
    const [one, two] = releases.map(({ at, path }) => ({
      ...hashesIn(join(at, "dist")),
      vsix: hashOf(path),
    }));
    expect(Object.keys(one)).toContain("sbom.cdx.json");
    expect(two).toEqual(one);
  });

  it(`is smaller than ${MAX_VSIX_BYTES} bytes, and vsce has nothing against it`, () => {
    const [{ bytes, path, warnings }] = releases;
    expect(warnings).toEqual([]);
    expect(statSync(path).size).toBe(bytes);
    expect(bytes).toBeLessThan(MAX_VSIX_BYTES);
  });

  it("names each package in the bill of materials as the lock file has it, with its hash and a free licence", () => {
    const lock = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8")).packages;
    const libraries = shippedLibraries(fileIn("sbom.cdx.json"));
    expect(libraries.length).toBeGreaterThan(4);
    for (const { name, version, license, hashed } of libraries) {
      expect(lock[`node_modules/${name}`]?.version).toBe(version);
      expect([name, LICENCES.has(license), hashed]).toEqual([name, true, true]);
    }
  });

  it("has a notice for every package, with its licence's text", () => {
    const notices = fileIn("THIRD-PARTY-NOTICES.txt");
    const { components } = JSON.parse(fileIn("sbom.cdx.json"));
    for (const { group, name, version } of components) {
      const title = `${group ? `${group}/` : ""}${name} ${version} (`;
      const at = notices.indexOf(title);
      expect(at, title).toBeGreaterThanOrEqual(0);
      expect(notices.slice(at, at + 3_000), title).toMatch(/copyright/i);
    }
  });

  it("has each package's reason in docs/dependencies.md", () => {
    const page = readFileSync(inRoot("docs", "dependencies.md"), "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("|"));
    for (const { name, version } of shippedLibraries(fileIn("sbom.cdx.json"))) {
      const row = rows.find((line) => line.split("|")[1]?.replaceAll("`", "").trim() === name);
      expect(row, `a row for ${name}`).toBeDefined();
      expect(row, name).toContain(version.split(".").slice(0, 2).join("."));
    }
  });

  it("installs nothing and runs nothing on installation", () => {
    const manifest = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
    expect(manifest.dependencies).toBeUndefined();
    const hooks = /^(pre|post)?(install|uninstall)$|^prepare$|^vscode:/;
    expect(Object.keys(manifest.scripts).filter((name) => hooks.test(name))).toEqual([]);
    for (const { name } of shippedLibraries(fileIn("sbom.cdx.json"))) {
      const { scripts = {}, gypfile } = JSON.parse(
        readFileSync(inRoot("node_modules", name, "package.json"), "utf8"),
      );
      const run = Object.keys(scripts).filter((script) => /^(pre|post)?install$/.test(script));
      expect([name, run, gypfile]).toEqual([name, [], undefined]);
    }
  });

  it("is pinned: the lock file has every package with its hash, from npm's registry or none named", () => {
    const { packages } = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8"));
    for (const [place, { integrity, link, resolved, version }] of Object.entries(packages)) {
      if (place === "" || link) continue;
      expect([place, typeof version, /^sha512-/.test(integrity ?? "")]).toEqual([place, "string", true]);
      if (resolved) expect(resolved).toMatch(/^https:\/\/registry\.npmjs\.org\//);
    }
    const { devDependencies } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
    for (const version of Object.values(devDependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

const fileIn = (name) => readFileSync(join(releases[0].at, "dist", name), "utf8");
const hashOf = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");
const hashesIn = (at) => Object.fromEntries(readdirSync(at).map((name) => [name, hashOf(join(at, name))]));
