import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const src = resolve(import.meta.dirname, "../../src");

/** Which layers a layer may import, besides itself (docs/architecture.md). */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  engine: ["core"],
  copilot: ["core"],
  webview: ["core"],
  vscode: ["core"],
};
const ROOTS = ["extension.ts", "cli.ts", "engine.ts"];

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(text: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|\b(?:import|require)\(\s*["']([^"']+)["']\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

const files = sources(src).map((path) => ({
  path,
  name: relative(src, path),
  imports: importsOf(readFileSync(path, "utf8")),
}));
const layerOf = (name: string) => (name.includes("/") ? (name.split("/")[0] ?? "") : "root");

describe("layers", () => {
  it("puts every source file into a layer or names it a root", () => {
    const strangers = files
      .map(({ name }) => name)
      .filter(
        (name) => !Object.hasOwn(ALLOWED, layerOf(name)) && !ROOTS.includes(name) && !name.endsWith(".d.ts"),
      );
    expect(strangers).toEqual([]);
  });

  it("imports only downwards", () => {
    const breaches = files.flatMap(({ path, name, imports }) =>
      imports
        .filter((target) => target.startsWith("."))
        .map((target) => layerOf(relative(src, resolve(dirname(path), target))))
        .filter(
          (layer) =>
            layerOf(name) !== "root" &&
            layer !== layerOf(name) &&
            !(ALLOWED[layerOf(name)] ?? []).includes(layer),
        )
        .map((layer) => `${name} → ${layer}`),
    );
    expect(breaches).toEqual([]);
  });

  it("keeps core free of Node and VS Code, and VS Code out of everything but its own layer", () => {
    const breaches = files.flatMap(({ name, imports }) =>
      imports
        .filter((target) => {
          const layer = layerOf(name);
          if (target === "vscode") return layer !== "vscode" && name !== "extension.ts";
          return (
            layer === "core" &&
            (target.startsWith("node:") || ["fs", "path", "http", "crypto", "undici"].includes(target))
          );
        })
        .map((target) => `${name} → ${target}`),
    );
    expect(breaches).toEqual([]);
  });

  it("lets no protocol import another", () => {
    const protocols = ["chat", "responses", "messages"];
    const protocolOf = (name: string) =>
      protocols.find(
        (protocol) =>
          name.startsWith(`core/protocols/${protocol}/`) || name === `core/protocols/${protocol}.ts`,
      );
    const breaches = files.flatMap(({ path, name, imports }) => {
      const own = protocolOf(name);
      return own === undefined
        ? []
        : imports
            .filter((target) => target.startsWith("."))
            .map((target) => relative(src, resolve(dirname(path), target)))
            .filter((target) => {
              const other = protocolOf(`${target}/`) ?? protocolOf(`${target}.ts`) ?? protocolOf(target);
              return (other !== undefined && other !== own) || target.startsWith("core/providers/");
            })
            .map((target) => `${name} → ${target}`);
    });
    expect(breaches).toEqual([]);
  });
});
