import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMAND_IDS } from "../../src/vscode/common/commandIds";
import { contributes } from "../../src/vscode/manifest/contributes";

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly menus: Record<string, readonly { readonly command: string }[]>;
    readonly configuration: { readonly properties: Record<string, Record<string, unknown>> };
    readonly viewsContainers: { readonly activitybar: readonly { readonly icon: string }[] };
  };
  readonly icon: string;
}

const text = readFileSync("package.json", "utf8");
const manifest = JSON.parse(text) as Manifest;

describe("the manifest", () => {
  test("is what the code's lists and schemas say; run `npm run manifest` if not", () => {
    expect(manifest.contributes).toEqual(JSON.parse(JSON.stringify(contributes())));
  });

  test("has every command of the code and no other", () => {
    const ids = manifest.contributes.commands.map(({ command }) => command);
    expect(ids).toEqual([...COMMAND_IDS]);
    const inMenus = Object.values(manifest.contributes.menus).flatMap((items) =>
      items.map(({ command }) => command),
    );
    for (const command of inMenus) expect(ids).toContain(command);
  });

  test("lets no workspace decide anything", () => {
    for (const [name, schema] of Object.entries(manifest.contributes.configuration.properties)) {
      expect(schema.scope, name).toBe("application");
    }
  });

  test("has no reference that VS Code could not resolve", () => {
    expect(JSON.stringify(manifest.contributes.configuration)).not.toContain("$ref");
  });

  test("names pictures that are there", () => {
    expect(existsSync(manifest.icon)).toBe(true);
    for (const { icon } of manifest.contributes.viewsContainers.activitybar)
      expect(existsSync(icon)).toBe(true);
  });
});
