import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { importPlan } from "../../../src/core/interchange/plan";
import { importProviders } from "../../../src/vscode/commands/importCommand";
import { presentFiles, readForeignText, usualFiles } from "../../../src/vscode/interchange/foreignFiles";
import { ProviderRegistry } from "../../../src/vscode/providers/registry";
import { importRows } from "../../../src/vscode/render/importRows";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import type { RawProviders } from "../../../src/vscode/settings/providerEdits";
import type { PickStep } from "../../../src/vscode/ui/steps";
import { DOTENV } from "../interchange/samples";
import { MemorySecrets } from "./memorySecrets";
import { nobodyAsked } from "./nobodyAsked";

interface Shown {
  label: string;
  kind?: number;
  description?: string;
  detail?: string;
}
/** What the preview showed, and what of it was chosen beforehand. */
let shown: Shown[] = [];
let chosen: string[] = [];
const sources: string[] = [];
const told: { message: string; actions: Readonly<Record<string, () => unknown>> }[] = [];
let source: unknown;

vi.mock("vscode", () => ({
  QuickPickItemKind: { Separator: -1 },
  window: {
    createQuickPick: () => {
      let accept = (): void => {};
      const pick = {
        items: [] as Shown[],
        selectedItems: [] as Shown[],
        onDidAccept: (listener: () => void) => {
          accept = listener;
        },
        onDidHide: () => {},
        show: () => {
          shown = pick.items;
          chosen = pick.selectedItems.map(({ label }) => label);
          accept();
        },
        dispose: () => {},
      };
      return pick;
    },
  },
}));
vi.mock("../../../src/vscode/ui/steps", () => ({
  pickStep: async ({ choices }: PickStep<unknown>) => {
    for (const choice of choices) if ("label" in choice) sources.push(choice.label);
    return { kind: "answer", value: source };
  },
}));
vi.mock("../../../src/vscode/ui/notify", () => ({
  notify: (_: string, message: string, actions = {}) => told.push({ message, actions }),
}));

let folder: string;
let list: RawProviders;
let secrets: MemorySecrets;
let registry: ProviderRegistry;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pst-"));
  shown = [];
  sources.length = 0;
  told.length = 0;
  list = [{ id: "openai", type: "openai", baseUrl: "https://api.openai.com/v1" }];
  secrets = new MemorySecrets();
  const settings = {
    providers: () => list,
    writeProviders: async (next: RawProviders) => {
      list = next;
    },
  };
  registry = new ProviderRegistry(
    settings,
    new ProviderKeys(secrets),
    () => undefined,
    async () => {},
    nobodyAsked,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(variables: Record<string, string> = {}): Promise<void> {
  return importProviders({
    environment: (name) => variables[name],
    existing: () => list as { id: string }[],
    files: [{ label: "Continue", path: join(folder, "config.yaml") }],
    add: (providers) => registry.addAll(providers),
  });
}

describe("an import", () => {
  test("shows what will be added and what is left out, and puts keys into the secret storage alone", async () => {
    const file = join(folder, ".env");
    writeFileSync(file, DOTENV);
    source = { kind: "file", path: file };
    await start();
    expect(shown.map(({ label, kind }) => (kind === undefined ? label : `-- ${label}`))).toEqual([
      "openai-2",
      "azure",
      "anthropic",
      "-- Left out: 1",
      "-- STRIPE_SECRET_KEY: it is not known which provider this is for",
    ]);
    // What is there already is shown, and not chosen by itself.
    expect(shown[0]?.detail).toContain("there is openai at this address already");
    expect(chosen).toEqual(["azure", "anthropic"]);
    expect(list.map((entry) => (entry as { id: string }).id)).toEqual(["openai", "azure", "anthropic"]);
    expect(JSON.stringify([shown, list, told])).not.toMatch(/sk-ant-of|azure-key|sk-proj/);
    expect(JSON.parse(secrets.values.get("postern.provider.anthropic.credential") ?? "{}")).toEqual({
      credentials: [
        {
          label: "key",
          kind: "apiKey",
          value: "sk-ant-of-anthropic-0123456789",
          origin: "https://api.anthropic.com",
        },
      ],
    });
    expect(told.at(-1)?.message).toBe("Added 2 providers: azure, anthropic.");
    await told.at(-1)?.actions.Undo?.();
    expect(list.map((entry) => (entry as { id: string }).id)).toEqual(["openai"]);
    expect(secrets.values.size).toBe(0);
  });

  test("leaves what was changed since when it is undone", async () => {
    source = { kind: "environment" };
    await start({ GROQ_API_KEY: "gsk_1", MISTRAL_API_KEY: "m-1" });
    list = list.map((entry) =>
      (entry as { id: string }).id === "groq" ? { ...(entry as object), name: "Mine" } : entry,
    );
    await expect(told.at(-1)?.actions.Undo?.()).rejects.toThrow("1 of them were changed");
    expect(list.map((entry) => (entry as { id: string }).id)).toEqual(["openai", "groq"]);
    expect(list[1]).toMatchObject({ apiKey: "${env:GROQ_API_KEY}" });
    expect(secrets.values.size).toBe(0);
  });

  test("offers what is there: variables and files", async () => {
    source = undefined;
    writeFileSync(join(folder, "config.yaml"), "models: []");
    source = { kind: "file", path: join(folder, "config.yaml") };
    await start({ GROQ_API_KEY: "gsk_1" });
    expect(sources).toEqual([
      "$(symbol-variable) Environment variables",
      "$(file) Continue",
      "$(folder-opened) A file…",
    ]);
  });

  test.each([
    [
      "a hostile file",
      "c.yaml",
      "a: &a [*a, *a]\nb: [secret",
      /c\.yaml is not imported: it is not valid YAML/,
    ],
    ["a file of nothing", "c.json", "{}", /c\.json is not imported: it is none of these/],
  ])("of %s says so, and nothing of it", async (_, name, text, message) => {
    writeFileSync(join(folder, name), text);
    source = { kind: "file", path: join(folder, name) };
    await start();
    expect(told.at(-1)?.message).toMatch(message);
    expect(told.at(-1)?.message).not.toContain("secret");
    expect(list).toHaveLength(1);
  });

  test("reads no folder, no device and nothing that is too large", async () => {
    await expect(readForeignText(folder)).rejects.toThrow("not a file");
    await expect(readForeignText("/dev/zero")).rejects.toThrow("not a file");
    symlinkSync("/dev/zero", join(folder, "link"));
    await expect(readForeignText(join(folder, "link"))).rejects.toThrow("not a file");
    writeFileSync(join(folder, "big"), Buffer.alloc(1024 * 1024 + 1));
    await expect(readForeignText(join(folder, "big"))).rejects.toThrow("larger than 1 MB");
    await expect(readForeignText(join(folder, "none"))).rejects.toThrow("not a file");
  });

  test("looks where others keep their configuration", async () => {
    const host = {
      platform: "linux",
      home: folder,
      environment: () => undefined,
      userFolder: join(folder, "User"),
    };
    const files = usualFiles(host);
    expect(files.map(({ path }) => path.slice(folder.length))).toContain("/User/chatLanguageModels.json");
    expect(await presentFiles(files)).toEqual([]);
  });
});

test("a key that seems to be another company's is doubted in the preview", () => {
  const found = {
    providers: [
      {
        at: "x",
        id: "openai",
        type: "openai" as const,
        baseUrl: "https://api.openai.com/v1",
        keys: [{ kind: "value" as const, value: "sk-ant-api03-0123456789" }],
        notes: [],
      },
    ],
    skipped: [],
  };
  const [row] = importRows(importPlan(found, []));
  expect(row).toMatchObject({
    picked: false,
    detail: expect.stringContaining("looks like one of Anthropic"),
  });
});
