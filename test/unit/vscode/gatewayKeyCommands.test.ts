import { beforeEach, describe, expect, it, vi } from "vitest";
import { gatewayKeyCommands } from "../../../src/vscode/commands/gatewayKeyCommands";
import { GatewayKeys } from "../../../src/vscode/secrets/gatewayKeys";
import { WorkspaceKeys } from "../../../src/vscode/secrets/workspaceKeys";
import { entryNamed } from "../../../src/vscode/settings/namedEdits";
import { MemorySecrets, MemorySettings } from "./memorySecrets";

const told = vi.hoisted(() => ({ actions: {} as Readonly<Record<string, () => unknown>> }));
vi.mock("vscode", () => ({}));
vi.mock("../../../src/vscode/ui/notify", () => ({
  confirm: async () => true,
  notify: (_: string, __: string, actions: Readonly<Record<string, () => unknown>> = {}) => {
    told.actions = actions;
  },
}));

describe("taking back a change of a gateway key", () => {
  const settings = new MemorySettings();
  const secrets = new MemorySecrets();
  const keys = new GatewayKeys(settings, secrets);
  const commands = gatewayKeyCommands(keys, {
    entries: () => [{ name: "ci", masked: "", source: "settings", copyable: false }],
    copyable: () => keys.copies(),
    settings: settings.gatewayKeys,
    workspaceKeys: new WorkspaceKeys(secrets),
    cutRequests: async () => 0,
    changed: async () => {},
  });
  const target = { kind: "gatewayKey", name: "ci" } as const;
  const entry = () => entryNamed(settings.list, "ci") ?? {};

  beforeEach(async () => {
    settings.list = [];
    await keys.create({ name: "ci", keep: false, fields: { requestsPerMinute: 5 } });
  });

  it("puts back what stood there", async () => {
    const before = entry();
    await commands["postern.disableGatewayKey"](target);
    expect(entry()).toMatchObject({ enabled: false });
    await told.actions.Undo?.();
    expect(entry()).toEqual(before);
  });

  it("does not bring back a key that has been rotated since", async () => {
    await commands["postern.disableGatewayKey"](target);
    const { Undo } = told.actions;
    await keys.rotate("ci");
    const { hash, masked } = entry();
    await Undo?.();
    expect(entry()).toEqual({ name: "ci", requestsPerMinute: 5, hash, masked });
  });
});
