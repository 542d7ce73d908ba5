import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineConfig } from "../support/engine";
import { GATEWAY_KEY, Gateway } from "../support/gateway";
import { InProcessEngine } from "../support/inProcess";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
});
afterAll(() => provider?.stop());

const open = (keys: readonly object[], args = ["--host", "0.0.0.0"]) =>
  Gateway.start({ providers: [], gateway: { keys }, args });

describe("a gateway that other machines could reach", () => {
  it.each([
    ["none", []],
    ["a disabled one", [{ name: "off", key: GATEWAY_KEY, enabled: false }]],
    ["an expired one", [{ name: "old", key: GATEWAY_KEY, expires: "2020-01-01" }]],
  ])("is not opened with no gateway key that is accepted: %s", async (_, keys) => {
    await expect(open(keys)).rejects.toThrow(
      /ended with 1: [\s\S]*open_without_key[\s\S]*0\.0\.0\.0[\s\S]*Make a gateway key/,
    );
  });

  it("is not opened by anything but the host that was set", async () => {
    const gateway = await open([{ name: "test", key: GATEWAY_KEY }], []);
    try {
      const outside = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .find(({ internal, family }) => !internal && family === "IPv4");
      if (outside) await expect(fetch(`http://${outside.address}:${gateway.port}/health`)).rejects.toThrow();
      expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    } finally {
      await gateway.stop();
    }
  });

  it("needs no key on loopback to run, and lets nobody in without one", async () => {
    const gateway = await open([], []);
    expect((await gateway.fetch("/v1/models")).status).toBe(401);
    await gateway.stop();
  });

  it("closes when its last key is taken away, and opens again with one", async () => {
    const engine = await InProcessEngine.start(provider.url);
    const { service } = engine;
    const configure = async (host: string, accepted: boolean) => {
      const config = engineConfig(provider.url);
      const keys = [{ name: "test", key: GATEWAY_KEY, enabled: accepted }];
      await service.configure({ ...config, gateway: { ...config.gateway, host, keys } });
      return service.status().gateway;
    };
    try {
      expect(await configure("0.0.0.0", true)).toMatchObject({ state: "running", host: "0.0.0.0" });
      expect(await configure("0.0.0.0", false)).toMatchObject({ state: "failed", code: "open_without_key" });
      expect(service.url).toBeUndefined();
      await expect(service.startGateway()).rejects.toMatchObject({ code: "open_without_key" });
      expect(await configure("0.0.0.0", true)).toMatchObject({ state: "failed" });
      await service.startGateway();
      expect(service.status().gateway).toMatchObject({ state: "running" });
      expect(await configure("127.0.0.1", false)).toMatchObject({ state: "running", host: "127.0.0.1" });
    } finally {
      await engine.close();
    }
  });

  it("runs again when the host that it could not be opened on is taken back", async () => {
    const engine = await InProcessEngine.start(provider.url);
    const { service } = engine;
    const configure = async (host: string) => {
      const config = engineConfig(provider.url);
      await service.configure({ ...config, gateway: { ...config.gateway, host, keys: [] } });
      return service.status().gateway;
    };
    try {
      expect(await configure("127.0.0.1")).toMatchObject({ state: "running" });
      expect(await configure("0.0.0.0")).toMatchObject({ state: "failed", code: "open_without_key" });
      expect(await configure("127.0.0.1")).toMatchObject({ state: "running" });
      expect(await configure("0.0.0.0")).toMatchObject({ state: "failed" });
      await service.stopGateway();
      expect(await configure("127.0.0.1")).toEqual({ state: "stopped" });
    } finally {
      await engine.close();
    }
  });
});
