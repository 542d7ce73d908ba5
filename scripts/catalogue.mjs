// Writes src/core/models/data/catalogue.json: what is known of models, reduced from two packages on npm.
//
//   npm run catalogue            the versions below
//   npm run catalogue -- latest  the newest ones; the diff of the JSON file says what has changed
//
// The packages are taken as they are published, without their own dependencies, and only data of theirs is read.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capabilitiesOf, knownModels } from "./lib/catalogueFacts.mjs";
import { priceRecords } from "./lib/cataloguePrices.mjs";
import { CATALOGUE_PROVIDERS } from "./lib/catalogueProviders.mjs";
import { runNpm } from "./lib/npmCache.mjs";
import { inRoot } from "./lib/paths.mjs";
import { runOrThrow } from "./lib/run.mjs";

const PRICES = { name: "@pydantic/genai-prices", version: "0.1.8" };
// It ships no licence text; this is the copyright line of its repository's.
const FACTS = {
  name: "@earendil-works/pi-ai",
  version: "1.5.2",
  copyright: "Copyright (c) 2025 Mario Zechner",
};

const newest = process.argv[2] === "latest";
const work = await mkdtemp(join(tmpdir(), "postern-catalogue-"));
try {
  const prices = await unpacked(PRICES);
  const facts = await unpacked(FACTS);
  const genai = createRequire(join(prices.folder, "package.json"))(prices.folder);
  const pi = await knownModels(facts.folder);
  const providers = {};
  for (const provider of CATALOGUE_PROVIDERS) {
    const pricedBy = (id) => genai.findProvider({ providerId: id })?.models ?? [];
    const priced = pricedBy(provider.id);
    const { models, costs } = capabilitiesOf(provider, pi, priced);
    providers[provider.id] = {
      addresses: provider.addresses,
      ...(provider.alsoSells ? { alsoSells: provider.alsoSells } : {}),
      prices: provider.unpriced
        ? []
        : priceRecords(priced, (provider.alsoSells ?? []).flatMap(pricedBy), costs),
      models,
    };
  }
  const catalogue = { sources: [prices.source, facts.source], providers };
  await writeFile(inRoot("src/core/models/data/catalogue.json"), lineEach(catalogue));
  await writeFile(
    inRoot("src/core/models/data/notices.json"),
    `${JSON.stringify([prices.notice, facts.notice], null, 2)}\n`,
  );
  console.log(catalogue.sources.join("\n"));
} finally {
  await rm(work, { recursive: true, force: true });
}

/** Fetches a package and says where it lies, and what it is called as a source. */
async function unpacked({ name, version, copyright }) {
  const spec = `${name}@${newest ? "latest" : version}`;
  const folder = await mkdtemp(join(work, "package-"));
  await runNpm(["pack", spec, "--silent", "--ignore-scripts"], folder);
  const archive = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  if (!archive) throw new Error(`npm has no ${spec}`);
  await runOrThrow("tar", ["-xzf", archive], { cwd: folder });
  const found = JSON.parse(await readFile(join(folder, "package", "package.json"), "utf8"));
  const answer = await runNpm(["view", spec, "time", "--json"], folder);
  // npm's warnings come before it.
  const times = JSON.parse(answer.slice(answer.indexOf("{")));
  const date = times[found.version]?.slice(0, 10);
  if (!date) throw new Error(`npm does not say when ${spec} was released`);
  const title = `${name} ${found.version} (${found.license}), data`;
  if (found.license !== "MIT") throw new Error(`${name} is under ${found.license} now`);
  const text = copyright
    ? mitLicence(copyright)
    : (await readFile(join(folder, "package", "LICENSE"), "utf8")).trim();
  return {
    folder: join(folder, "package"),
    source: `${name} ${found.version} (${date})`,
    notice: { title, text },
  };
}

/** @param {string} copyright */
function mitLicence(copyright) {
  return [
    "MIT License",
    copyright,
    'Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:',
    "The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.",
    'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.',
  ].join("\n\n");
}

/** JSON with one model a line, so that a diff shows what has changed. */
function lineEach({ sources, providers }) {
  const blocks = Object.entries(providers).map(([id, { prices, models, ...rest }]) => {
    const lines = (entries) => (entries.length === 0 ? "" : `\n${entries.join(",\n")}\n`);
    const priceLines = lines(prices.map((record) => JSON.stringify(record)));
    const modelLines = lines(
      Object.entries(models).map(([name, model]) => `${JSON.stringify(name)}:${JSON.stringify(model)}`),
    );
    const head = JSON.stringify(rest).slice(1, -1);
    return `${JSON.stringify(id)}:{${head},"prices":[${priceLines}],"models":{${modelLines}}}`;
  });
  return `{"sources":${JSON.stringify(sources)},\n"providers":{\n${blocks.join(",\n")}\n}}\n`;
}
