import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { PROVIDER_PRESETS } from "../../src/core/providers/presets";
import { keyHeaderOf } from "../../src/core/providers/requestHeaders";

/** The table of docs/providers.md says what the presets do; `UPDATE_DOCS=1` writes it anew. */
const path = resolve(import.meta.dirname, "../../docs/providers.md");
const BEGIN = "<!-- table: presets -->\n";

function rows(): string[][] {
  return PROVIDER_PRESETS.map((preset) => {
    const { label, address, protocols, modelsList, environment, source } = preset;
    const list = "byHand" in modelsList ? `${modelsList.byHand} named by hand` : `\`${modelsList.path}\``;
    const variables = [...environment.key, ...(environment.token ?? []), ...(environment.address ?? [])];
    return [
      source === "" ? label : `[${label}](${source})`,
      address === "" ? "asked for" : `\`${address}\``,
      protocols.join(", "),
      preset.key === "none" ? "none" : `\`${keyHeaderOf(preset)}\``,
      list,
      variables.map((name) => `\`${name}\``).join(", "),
    ];
  });
}

const plain = (markdown: string) => markdown.replace(/ +/g, " ").replace(/-{3,}/g, "---").trim();

test("docs/providers.md has every preset", () => {
  const head = ["provider", "address", "serves", "key in", "models list", "variables"];
  const wanted = [head, head.map(() => "---"), ...rows()]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
  const text = readFileSync(path, "utf8");
  const start = text.indexOf(BEGIN) + BEGIN.length;
  const stop = text.indexOf("<!-- end -->", start);
  expect(start).toBeGreaterThan(BEGIN.length);
  if (process.env.UPDATE_DOCS) writeFileSync(path, `${text.slice(0, start)}${wanted}\n${text.slice(stop)}`);
  else expect(plain(text.slice(start, stop))).toBe(plain(wanted));
});
