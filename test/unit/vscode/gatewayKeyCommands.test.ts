import { beforeEach, describe, expect, it, vi } from "vitest";
import { gatewayKeyCommands } from "../../../src/vscode/commands/gatewayKeyCommands";
import { GatewayKeys } from "../../../src/vscode/secrets/gatewayKeys";
import { WorkspaceKeys } from "../../../src/vscode/secrets/workspaceKeys";
import { entryNamed } from "../../../src/vscode/settings/namedEdits";
import type { GatewayKeyEntry } from "../../../src/vscode/state";
import { MemorySecrets, MemorySettings } from "./memorySecrets";

const told = vi.hoisted(() => ({ text: "", actions: {} as Readonly<Record<string, () => unknown>> }));
vi.mock("vscode", () => ({ env: { clipboard: { writeText: async () => {} } } }));
vi.mock("../../../src/vscode/ui/notify", () => ({
  confirm: async () => true,
  notify: (_: string, text: string, actions: Readonly<Record<string, () => unknown>> = {}) => {
    told.text = text;
    told.actions = actions;
  },
}));

describe("a gateway key that a person changes", () => {
  const settings = new MemorySettings();
  const secrets = new MemorySecrets();
  const keys = new GatewayKeys(settings, secrets);
  let standing: Pick<GatewayKeyEntry, "disabled" | "expiresAt"> = {};
  const commands = gatewayKeyCommands(keys, {
    entries: () => [{ name: "ci", masked: "", source: "settings", copyable: false, ...standing }],
    copyable: () => keys.copies(),
    settings: settings.gatewayKeys,
    workspaceKeys: new WorkspaceKeys(secrets),
    cutRequests: async () => 0,
    changed: async () => {},
  });
  const target = { kind: "gatewayKey", name: "ci" } as const;
  const entry = () => entryNamed(settings.list, "ci") ?? {};

  beforeEach(async () => {
    standing = {};
    settings.list = [];
    await keys.create({ name: "ci", keep: false, fields: { requestsPerMinute: 5 } });
  });

  it("stands as before when that is taken back", async () => {
    const before = entry();
    await commands["postern.disableGatewayKey"](target);
    expect(entry()).toMatchObject({ enabled: false });
    await told.actions.Undo?.();
    expect(entry()).toEqual(before);
  });

  it("is not let in with its old key when a change from before its rotation is taken back", async () => {
    await commands["postern.disableGatewayKey"](target);
    const { Undo } = told.actions;
    await keys.rotate("ci");
    const { hash, masked } = entry();
    await Undo?.();
    expect(entry()).toEqual({ name: "ci", requestsPerMinute: 5, hash, masked });
  });

  it.each([
    [{}, 'Copied the new key "ci".'],
    [{ disabled: true } as const, 'Copied the new key "ci". It is disabled, so it is not accepted yet.'],
    [{ expiresAt: Date.now() - 1 }, 'Copied the new key "ci". It has expired, so it is not accepted yet.'],
    [{ expiresAt: Date.now() + 1e9 }, 'Copied the new key "ci".'],
  ])("says after its rotation whether it is accepted: %o", async (now, text) => {
    standing = now;
    await commands["postern.rotateGatewayKey"](target);
    expect(told.text).toBe(text);
  });
});
