import { beforeEach, describe, expect, it, vi } from "vitest";
import type * as vscode from "vscode";
import { WorkspaceKeys } from "../../../src/vscode/secrets/workspaceKeys";
import type { GatewayKeyEntry } from "../../../src/vscode/state";
import { TerminalEnvironment } from "../../../src/vscode/terminal/terminalEnvironment";
import { ready, state } from "./fixtures";
import { MemorySecrets } from "./memorySecrets";

const FOLDER = vi.hoisted(() => ({ uri: { scheme: "file", fsPath: "/home/ada/api" } }));
vi.mock("vscode", () => ({
  workspace: { isTrusted: true, workspaceFolders: [FOLDER] },
  MarkdownString: class {},
}));

/** What VS Code keeps for new terminals, of the one folder. */
class Collection {
  readonly values = new Map<string, { readonly value: string }>();
  persistent = true;
  replace = (name: string, value: string): void => void this.values.set(name, { value });
  clear = (): void => this.values.clear();
  forEach = (work: (name: string, mutator: { readonly value: string }) => void): void =>
    this.values.forEach((mutator, name) => void work(name, mutator));
  getScoped = (): this => this;
}

const gateway = { state: "running", url: "http://127.0.0.1:4141", host: "127.0.0.1", port: 4141 } as const;

describe("the environment of a folder's terminals", () => {
  let keys: WorkspaceKeys;
  let terminals: TerminalEnvironment;
  beforeEach(() => {
    keys = new WorkspaceKeys(new MemorySecrets());
    const quiet = () => {};
    const error = (text: string) => expect.fail(text);
    const log = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error };
    const collection = new Collection() as unknown as vscode.GlobalEnvironmentVariableCollection;
    terminals = new TerminalEnvironment(collection, { keys, changed: async () => {}, log });
  });

  /** As the window's state tells it after it has looked at the secret storage. */
  async function follow(): Promise<string | undefined> {
    const gatewayKeys = (await keys.list()).map(
      ({ name, folder }): GatewayKeyEntry => ({
        name,
        folder,
        masked: "",
        source: "workspace",
        copyable: false,
      }),
    );
    terminals.follow(state(ready({ gateway }), { terminalTools: ["openai"], gatewayKeys }));
    await terminals.settled();
    return terminals.variables().OPENAI_API_KEY;
  }

  it("keeps its key while nothing changes", async () => {
    const first = await follow();
    expect(first).toBeDefined();
    expect([await follow(), await follow()]).toEqual([first, first]);
  });

  it("has another key after a person has deleted it, and not one that opens nothing", async () => {
    const first = await follow();
    await follow();
    const [known] = await keys.list();
    await keys.delete(known?.name ?? "");
    const second = await follow();
    expect(second).not.toBe(first);
    expect((await keys.list()).map(({ key }) => key)).toEqual([second]);
    expect(await follow()).toBe(second);
  });
});
