// `npm run audit`: asks npm's registry about the packages whose code the .vsix contains. `npm audit` would ask about
// every tool of the development, and about nothing with --omit=dev, since all that ships is bundled.
import { readFileSync } from "node:fs";
import { shippedLibraries } from "./lib/bill.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { runCollecting, runOrThrow } from "./lib/run.mjs";

await runOrThrow(process.execPath, [inRoot("esbuild.mjs")], { cwd: root });
const libraries = shippedLibraries(readFileSync(inRoot("dist", "sbom.cdx.json"), "utf8"));
const { output } = await runCollecting("npm", ["config", "get", "registry"], {
  cwd: root,
  shell: process.platform === "win32",
});
const registry = /https?:\/\/\S+/.exec(output)?.[0] ?? "https://registry.npmjs.org/";
const url = new URL("-/npm/v1/security/advisories/bulk", registry);
const asked = Object.fromEntries(libraries.map(({ name, version }) => [name, [version]]));

/** @type {Record<string, { severity: string, title: string, url: string, vulnerable_versions: string }[]>} */
let advisories;
try {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(asked),
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  advisories = await answer.json();
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  console.error(
    `The registry could not be asked for advisories (${why}). Nothing is known; this is no clean result.`,
  );
  process.exit(2);
}
const found = Object.entries(advisories).flatMap(([name, list]) =>
  list.map((advisory) => ({ name, ...advisory })),
);
for (const { name, severity, title, url: page, vulnerable_versions: versions } of found)
  console.error(`${name} ${asked[name]}: ${severity}, ${title} (${versions}) ${page}`);
console.log(`${libraries.length} packages ship, ${found.length} advisories`);
process.exit(found.length === 0 ? 0 : 1);
