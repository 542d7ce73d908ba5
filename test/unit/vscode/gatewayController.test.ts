import { expect, test } from "vitest";
import { GatewayController } from "../../../src/vscode/gateway/controller";
import { GatewayKeys } from "../../../src/vscode/secrets/gatewayKeys";
import { ready, state } from "./fixtures";
import { MemorySecrets } from "./memorySecrets";

const DEFAULT = "postern.gatewayKey.default";

function controller(secrets: MemorySecrets): GatewayController {
  const engine = ready();
  if (engine.kind !== "ready") throw new Error("no status");
  const { status } = engine;
  return new GatewayController(
    { startGateway: async () => status, stopGateway: async () => status },
    new GatewayKeys(secrets),
    // As it is while the secret storage cannot be read: nothing is known of any key.
    { flush: async () => {}, local: () => state(engine).local, starting: () => {}, wanted: () => {} },
  );
}

test("the first start makes a gateway key", async () => {
  const secrets = new MemorySecrets();
  await controller(secrets).start();
  expect(secrets.values.get(DEFAULT)).toMatch(/^pst_/);
});

test("a gateway key that could not be listed is not made anew: tools have the old one", async () => {
  const secrets = new MemorySecrets();
  secrets.values.set(DEFAULT, "pst_old");
  await controller(secrets).start();
  expect(secrets.values.get(DEFAULT)).toBe("pst_old");
  secrets.get = async () => {
    throw new Error("the keyring is locked");
  };
  await expect(controller(secrets).start()).rejects.toThrow("locked");
  expect(secrets.values.get(DEFAULT)).toBe("pst_old");
});
