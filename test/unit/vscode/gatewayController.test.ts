import { expect, test } from "vitest";
import { GatewayController } from "../../../src/vscode/gateway/controller";
import { GatewayKeys } from "../../../src/vscode/secrets/gatewayKeys";
import type { RawEntries } from "../../../src/vscode/settings/namedEdits";
import { ready, state } from "./fixtures";
import { MemorySecrets, MemorySettings } from "./memorySecrets";

const COPY = "postern.gatewayKeyCopy.default";

function controller(secrets: MemorySecrets, settings = new MemorySettings()): GatewayController {
  const engine = ready();
  if (engine.kind !== "ready") throw new Error("no status");
  const { status } = engine;
  return new GatewayController(
    { startGateway: async () => status, stopGateway: async () => status },
    new GatewayKeys(settings, secrets),
    // As it is while the secret storage cannot be read: nothing is known of any key.
    { flush: async () => {}, local: () => state(engine).local, starting: () => {}, wanted: () => {} },
  );
}

test("the first start makes a gateway key, which can be copied again", async () => {
  const secrets = new MemorySecrets();
  const settings = new MemorySettings();
  await controller(secrets, settings).start();
  expect(secrets.values.get(COPY)).toMatch(/^pst_/);
  expect(settings.list).toMatchObject([{ name: "default", masked: expect.stringMatching(/^pst_..….{4}$/) }]);
  expect(JSON.stringify(settings.list)).not.toContain(secrets.values.get(COPY) ?? "none");
});

test("a gateway key that could not be listed is not made anew: tools have the old one", async () => {
  const secrets = new MemorySecrets();
  const settings = new MemorySettings();
  secrets.values.set(COPY, "pst_old");
  await controller(secrets, settings).start();
  const list: RawEntries = settings.list;
  expect(await new GatewayKeys(settings, secrets).whole("default")).toEqual({
    name: "default",
    key: "pst_old",
  });
  await controller(secrets, settings).start();
  expect(settings.list).toEqual(list);
  secrets.get = async () => {
    throw new Error("the keyring is locked");
  };
  await controller(secrets, settings).start();
  expect(settings.list).toEqual(list);
  expect(secrets.values.get(COPY)).toBe("pst_old");
});

test("settings that cannot be written do not keep the gateway from starting", async () => {
  const secrets = new MemorySecrets();
  const settings = new MemorySettings();
  settings.writeGatewayKeys = async () => {
    throw new Error("settings.json has faults");
  };
  await controller(secrets, settings).start();
  const key = secrets.values.get("postern.gatewayKey.default");
  expect(key).toMatch(/^pst_/);
  expect(await new GatewayKeys(settings, secrets).copies()).toEqual([{ name: "default", key }]);
});
