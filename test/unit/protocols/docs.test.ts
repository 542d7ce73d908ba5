import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { PROTOCOL_NAME, type WireProtocol } from "../../../src/core/protocols/wire";
import { fateOf, PROBES } from "./support/probes";

/** The tables of docs/protocols.md say what the code does; `UPDATE_DOCS=1` writes them anew. */
const path = resolve(import.meta.dirname, "../../../docs/protocols.md");
const PROTOCOLS: readonly WireProtocol[] = ["chat", "responses", "messages"];

function table(from: WireProtocol): string {
  const targets = PROTOCOLS.filter((to) => to !== from);
  const rows = PROBES[from].map(({ feature, ...rest }) => [
    feature,
    ...targets.map((to) => fateOf(from, to, { feature, ...rest })),
  ]);
  const lines = [
    [`of ${PROTOCOL_NAME[from]}`, ...targets.map((to) => `to ${PROTOCOL_NAME[to]}`)],
    ["---", "---", "---"],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Without the padding that a formatter puts into tables. */
const plain = (markdown: string) => markdown.replace(/ +/g, " ").replace(/-{3,}/g, "---").trim();

it.each(PROTOCOLS)("docs/protocols.md tells what becomes of a request of %s", (from) => {
  const wanted = table(from);
  expect(wanted).not.toContain("lost");
  const text = readFileSync(path, "utf8");
  const [begin, end] = [`<!-- table: ${from} -->\n`, "\n<!-- end -->"];
  const start = text.indexOf(begin) + begin.length;
  const stop = text.indexOf(end, start);
  expect(start).toBeGreaterThan(begin.length);
  if (process.env.UPDATE_DOCS) writeFileSync(path, text.slice(0, start) + wanted + text.slice(stop));
  else expect(plain(text.slice(start, stop))).toBe(plain(wanted));
});
