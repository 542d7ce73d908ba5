import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { credentialCommands } from "../../../src/vscode/commands/credentialCommands";
import { keyCommands } from "../../../src/vscode/commands/keyCommands";
import type { CommandHandlers } from "../../../src/vscode/commands/register";
import { type Desired, desiredState } from "../../../src/vscode/engine/desired";
import { NO_STORED_GATEWAY_KEYS } from "../../../src/vscode/engine/desiredKeys";
import { CredentialEditor } from "../../../src/vscode/providers/credentialEditor";
import { ProviderRegistry } from "../../../src/vscode/providers/registry";
import { renderProviders } from "../../../src/vscode/render/providersTree";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import type { RawProviders } from "../../../src/vscode/settings/providerEdits";
import { readSettings } from "../../../src/vscode/settings/snapshot";
import { EMPTY_STATE, StateStore } from "../../../src/vscode/state";
import type { Answer, InputStep, PickStep } from "../../../src/vscode/ui/steps";
import { program, windowCredentials } from "../../support/windowCredentials";
import { MemorySecrets } from "./memorySecrets";

vi.mock("vscode", () => ({ window: {}, commands: {} }));

/** What the person answers, in this order; nothing more to say leaves the dialog. */
const answers: unknown[] = [];
const asked: string[] = [];
const told: { message: string; actions: Readonly<Record<string, () => unknown>> }[] = [];
/** What the person says to questions that name what will happen. */
let agrees = true;
vi.mock("../../../src/vscode/ui/steps", () => {
  const answer = async (text: string): Promise<Answer<unknown>> => {
    asked.push(text);
    return answers.length === 0 ? { kind: "cancel" } : { kind: "answer", value: answers.shift() };
  };
  return {
    inputStep: async ({ prompt, value = "", validate }: InputStep) => {
      const given = await answer(typeof prompt === "string" ? prompt : prompt(value));
      if (given.kind === "answer") expect(validate?.(String(given.value))).toBeUndefined();
      return given;
    },
    pickStep: ({ placeholder, prompt }: PickStep<unknown>) => answer(prompt ?? placeholder),
  };
});
vi.mock("../../../src/vscode/ui/notify", () => ({
  confirm: async (message: string, detail: string) => {
    asked.push(`${message} ${detail}`);
    return agrees;
  },
  notify: (_: string, message: string, actions = {}) => told.push({ message, actions }),
}));

const openai = { id: "openai", type: "openai", baseUrl: "https://api.openai.com/v1" };
const environment = (name: string) => ({ OPENAI_API_KEY: "sk-from-env" })[name];

let list: RawProviders;
let store: StateStore;
let registry: ProviderRegistry;
let keys: ProviderKeys;
let parts: ReturnType<typeof windowCredentials>;
let run: (id: keyof CommandHandlers, label?: string) => Promise<void>;

async function desired(): Promise<Desired> {
  const read = () =>
    desiredState({
      settings: readSettings((key) => (key === "providers" ? list : undefined)),
      proxy: { off: true, network: {} },
      environment,
      credentials: stored,
      asked: parts.credentials.asked.asked,
      gatewayKeys: NO_STORED_GATEWAY_KEYS,
      secretStore: "test",
    });
  const stored = new Map([["openai", await keys.list("openai")]]);
  read();
  await parts.credentials.asked.settled(10_000);
  return read();
}

beforeEach(async () => {
  answers.length = 0;
  asked.length = 0;
  told.length = 0;
  agrees = true;
  list = [openai];
  parts = windowCredentials();
  keys = new ProviderKeys(new MemorySecrets());
  store = new StateStore(EMPTY_STATE);
  const changed = async (): Promise<void> => store.update({ local: (await desired()).local });
  const settings = {
    providers: () => list,
    writeProviders: async (next: RawProviders) => {
      list = next;
    },
  };
  registry = new ProviderRegistry(settings, keys, environment, changed, parts.credentials.asked);
  const editor = new CredentialEditor(registry, keys, changed);
  const handlers = {
    ...keyCommands(store, editor),
    ...credentialCommands({
      store,
      editor,
      credentials: parts.credentials,
      environment,
      configOf: (target) => registry.config(target),
    }),
  } as CommandHandlers;
  run = (id, label) =>
    handlers[id](
      label === undefined
        ? { kind: "provider", id: "openai", index: 0 }
        : { kind: "credential", id: "openai", index: 0, label },
    );
  await changed();
});

afterEach(() => parts.credentials.asked.dispose());

const pool = async (): Promise<string[] | undefined> =>
  (await desired()).config.providers[0]?.pool?.map(({ label, credential }) => `${label}=${credential.value}`);
const rows = () =>
  renderProviders(store.value)[0]?.children?.flatMap(({ label, description, contextValue }) =>
    contextValue.startsWith("credential") ? [`${label}: ${description}`] : [],
  );

describe("a person's keys", () => {
  test("are set, added, renamed, moved, replaced and removed one by one", async () => {
    answers.push("sk-proj-1");
    await run("postern.setKey");
    expect(await pool()).toEqual(["key=sk-proj-1"]);
    expect(rows()).toEqual([]);
    answers.push("work", "sk-proj-2");
    await run("postern.addKey");
    expect(await pool()).toEqual(["key=sk-proj-1", "work=sk-proj-2"]);
    expect(rows()).toEqual(["key: in the secret storage", "work: in the secret storage"]);
    expect(renderProviders(store.value)[0]?.description).toBe("2 credentials: key, work");
    answers.push("home");
    await run("postern.renameKey", "key");
    await run("postern.moveKeyUp", "work");
    expect(await pool()).toEqual(["work=sk-proj-2", "home=sk-proj-1"]);
    answers.push("work", "sk-proj-3");
    await run("postern.setKey");
    expect(await pool()).toEqual(["work=sk-proj-3", "home=sk-proj-1"]);
    await run("postern.deleteKey", "work");
    expect(await pool()).toEqual(["home=sk-proj-1"]);
    await told.at(-1)?.actions.Undo?.();
    expect(await pool()).toEqual(["work=sk-proj-3", "home=sk-proj-1"]);
    expect(list).toEqual([openai]);
  });

  test("that are tokens stay tokens when they are replaced", async () => {
    const origin = "https://api.openai.com";
    await keys.put("openai", [{ label: "token", kind: "bearerToken", value: "old", origin }]);
    await registry.patch({ kind: "provider", id: "openai", index: 0 }, {});
    answers.push("new");
    await run("postern.replaceKey", "token");
    expect((await desired()).config.providers[0]?.credential).toEqual({ kind: "bearerToken", value: "new" });
  });

  test("that were removed come back to their place, also where their label is taken by now", async () => {
    const origin = "https://api.openai.com";
    const key = (label: string, value: string) => ({ label, kind: "apiKey" as const, value, origin });
    await keys.put("openai", [key("a", "sk-1"), key("b", "sk-2"), key("c", "sk-3")]);
    await registry.patch({ kind: "provider", id: "openai", index: 0 }, {});
    await run("postern.deleteKey", "b");
    await told.at(-1)?.actions.Undo?.();
    expect(await pool()).toEqual(["a=sk-1", "b=sk-2", "c=sk-3"]);
    await run("postern.deleteKey", "b");
    const undo = told.at(-1)?.actions.Undo;
    answers.push("b", "sk-4");
    await run("postern.addKey");
    await undo?.();
    expect(await pool()).toEqual(["a=sk-1", "b 2=sk-2", "c=sk-3", "b=sk-4"]);
  });

  test("that a list names by their labels are removed from the list as well, and come back to it", async () => {
    const origin = "https://api.openai.com";
    await keys.put("openai", [{ label: "work", kind: "apiKey", value: "sk-1", origin }]);
    const named = [
      { kind: "stored", label: "work" },
      { kind: "env", name: "OPENAI_API_KEY" },
    ];
    list = [{ ...openai, credentials: named }];
    await registry.patch({ kind: "provider", id: "openai", index: 0 }, {});
    await run("postern.deleteKey", "work");
    expect(list).toEqual([{ ...openai, credentials: [named[1]] }]);
    await told.at(-1)?.actions.Undo?.();
    expect(list).toEqual([{ ...openai, credentials: named }]);
    expect(await pool()).toEqual(["work=sk-1", "OPENAI_API_KEY=sk-from-env"]);
  });

  test("that are gone from under a row are not taken for another", async () => {
    answers.push("work", "sk-proj-1");
    await run("postern.addKey");
    answers.push("sk-proj-2");
    await run("postern.replaceKey", "gone");
    await run("postern.deleteKey", "gone");
    expect(await pool()).toEqual(["work=sk-proj-1"]);
  });

  test("are not removed without a yes", async () => {
    answers.push("sk-proj-1");
    await run("postern.setKey");
    agrees = false;
    await run("postern.deleteKey");
    expect(await pool()).toEqual(["key=sk-proj-1"]);
  });

  test("are used also where the settings say where others come from", async () => {
    list = [{ ...openai, credentials: [{ kind: "env", name: "OPENAI_API_KEY" }] }];
    await registry.patch({ kind: "provider", id: "openai", index: 0 }, {});
    answers.push("work", "sk-proj-1");
    await run("postern.addKey");
    expect(await pool()).toEqual(["OPENAI_API_KEY=sk-from-env", "work=sk-proj-1"]);
    expect(list).toEqual([
      { ...openai, credentials: [{ kind: "env", name: "OPENAI_API_KEY" }, { kind: "stored" }] },
    ]);
    await run("postern.moveKeyDown", "OPENAI_API_KEY");
    expect(await pool()).toEqual(["work=sk-proj-1", "OPENAI_API_KEY=sk-from-env"]);
    answers.push("mine");
    await run("postern.renameKey", "OPENAI_API_KEY");
    await run("postern.deleteKey", "mine");
    expect(list).toEqual([{ ...openai, credentials: [{ kind: "stored" }] }]);
  });
});

describe("a key that is added or replaced where the settings say what is used", () => {
  const target = { kind: "provider", id: "openai", index: 0 } as const;
  const given = async (change: object, ...labels: readonly string[]) => {
    for (const label of labels)
      await keys.change("openai", (stored) => [
        ...stored,
        { label, kind: "apiKey", value: `sk-${label}`, origin: "https://api.openai.com" },
      ]);
    list = [{ ...openai, ...change }];
    await registry.patch(target, {});
  };

  test("is used though the stored keys are switched off, which they stay", async () => {
    await given({ credentials: [{ kind: "stored", enabled: false }] }, "old");
    answers.push("work", "sk-proj-1");
    await run("postern.addKey");
    expect(await pool()).toEqual(["work=sk-proj-1"]);
    expect(list).toEqual([
      {
        ...openai,
        credentials: [
          { kind: "stored", label: "work" },
          { kind: "stored", enabled: false },
        ],
      },
    ]);
  });

  test("is used beside the one variable that they name", async () => {
    await given({ apiKey: "${env:OPENAI_API_KEY}" });
    answers.push("work", "sk-proj-1");
    await run("postern.addKey");
    expect(await pool()).toEqual(["OPENAI_API_KEY=sk-from-env", "work=sk-proj-1"]);
  });

  test("is not asked about where they name it", async () => {
    await given({ credentials: ["a", "b"].map((label) => ({ kind: "stored", label })) }, "a", "b");
    for (const label of ["a", "b"]) {
      answers.push(`sk-proj-${label}`);
      await run("postern.replaceKey", label);
    }
    expect(await pool()).toEqual(["a=sk-proj-a", "b=sk-proj-b"]);
    expect(asked).not.toContainEqual(expect.stringMatching(/say where its key comes from/));
  });

  test("is asked about where it is switched off, and the others stay as they are", async () => {
    const off = { kind: "stored", label: "b", enabled: false };
    await given({ credentials: [{ kind: "env", name: "OPENAI_API_KEY" }, off] }, "a", "b");
    agrees = false;
    answers.push("b", "sk-proj-1");
    await run("postern.setKey");
    expect(asked).toContainEqual(expect.stringMatching(/"b" of \S+ is switched off/));
    expect(await pool()).toEqual(["OPENAI_API_KEY=sk-from-env"]);
    agrees = true;
    answers.push("b", "sk-proj-2");
    await run("postern.setKey");
    expect(await pool()).toEqual(["OPENAI_API_KEY=sk-from-env", "b=sk-proj-2"]);
  });
});

describe("where a credential comes from", () => {
  test("is a variable, beside the key that is there", async () => {
    answers.push("sk-proj-1");
    await run("postern.setKey");
    answers.push("env", "OPENAI_API_KEY", false);
    await run("postern.addCredential");
    expect(list).toEqual([
      { ...openai, credentials: [{ kind: "stored" }, { kind: "env", name: "OPENAI_API_KEY" }] },
    ]);
    expect(await pool()).toEqual(["key=sk-proj-1", "OPENAI_API_KEY=sk-from-env"]);
  });

  test("is a command, which is shown whole before it is run for the first time", async () => {
    const script = "console.log('from-a-program')";
    answers.push("command", `"${process.execPath}" -e "${script}"`, "apiKey");
    await run("postern.addCredential");
    expect(asked.at(-1)).toContain(JSON.stringify(script));
    expect(asked.at(-1)).toContain("https://api.openai.com");
    expect(list).toEqual([
      { ...openai, credentials: [{ kind: "command", command: program(script), as: "apiKey" }] },
    ]);
    expect((await desired()).config.providers[0]?.credential).toEqual({
      kind: "apiKey",
      value: "from-a-program",
    });
    expect(rows()).toEqual(["node: from a command"]);
  });

  test("may be none at all, which takes the place of the keys that are there", async () => {
    answers.push("sk-proj-1");
    await run("postern.setKey");
    asked.length = 0;
    answers.push("none");
    await run("postern.addCredential");
    expect(asked).toEqual(["Where does the credential come from?"]);
    expect(list).toEqual([{ ...openai, credentials: [{ kind: "none" }] }]);
    expect(told.at(-1)?.message).toBe("openai is sent no credential from now on.");
  });

  test("is nothing where the person says no to the command", async () => {
    agrees = false;
    answers.push("command", "az account get-access-token", "bearerToken");
    await run("postern.addCredential");
    expect(list).toEqual([openai]);
  });

  test("is not run where it came with the settings, until it was reviewed here", async () => {
    list = [
      { ...openai, credentials: [{ kind: "command", command: program("console.log('t1')"), label: "az" }] },
    ];
    await registry.patch({ kind: "provider", id: "openai", index: 0 }, {});
    expect(rows()).toEqual(["az: the command has not been confirmed on this machine"]);
    expect(renderProviders(store.value)[0]?.children?.[0]?.contextValue).toBe(
      "credential command named consent",
    );
    await run("postern.confirmCredential", "az");
    expect(asked.at(-1)).toContain("console.log('t1')");
    expect(await pool()).toEqual(["az=t1"]);
    await run("postern.refreshCredential", "az");
    expect(told.at(-1)?.message).toMatch(/keeps the credential/);
  });

  test("that cannot be had again is not said to be kept", async () => {
    list = [
      { ...openai, credentials: [{ kind: "command", command: program("process.exit(3)"), label: "az" }] },
    ];
    await registry.patch({ kind: "provider", id: "openai", index: 0 }, {});
    await run("postern.confirmCredential", "az");
    await desired();
    await run("postern.refreshCredential", "az");
    expect(told.at(-1)?.message).toMatch(/^openai has no credential: .*exit code 3/);
  });

  test("is a variable with a token, which is sent as one", async () => {
    list = [{ id: "openai", type: "anthropic", baseUrl: "https://api.anthropic.com" }];
    await registry.patch({ kind: "provider", id: "openai", index: 0 }, {});
    answers.push("env", "ANTHROPIC_AUTH_TOKEN");
    await run("postern.addCredential");
    expect(list).toEqual([
      expect.objectContaining({
        credentials: [{ kind: "env", name: "ANTHROPIC_AUTH_TOKEN", as: "bearerToken" }],
      }),
    ]);
  });

  test("is an account, which is signed in first", async () => {
    list = [{ ...openai, type: "azure", baseUrl: "https://r.openai.azure.com" }];
    await registry.patch({ kind: "provider", id: "openai", index: 0 }, {});
    parts.accounts.tokens.set("microsoft https://cognitiveservices.azure.com/.default", "entra-1");
    answers.push("entra");
    await run("postern.addCredential");
    expect(parts.accounts.asked[0]).toMatchObject({ silent: false });
    expect((await desired()).config.providers[0]?.credential).toEqual({
      kind: "bearerToken",
      value: "entra-1",
    });
    expect(JSON.stringify(list)).not.toContain("entra-1");
  });

  test("is asked about before an account's token goes to a host that is not its issuer's", async () => {
    answers.push("github");
    agrees = false;
    await run("postern.addCredential");
    expect(asked.at(-1)).toContain("Send a token of your GitHub account to https://api.openai.com?");
    expect(list).toEqual([openai]);
    expect(parts.accounts.asked).toEqual([]);
  });
});
