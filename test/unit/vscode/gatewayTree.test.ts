import { describe, expect, test } from "vitest";
import { gatewayUrl } from "../../../src/vscode/render/gatewayState";
import { renderGateway } from "../../../src/vscode/render/gatewayTree";
import { ready, state } from "./fixtures";

function rows(...args: Parameters<typeof state>): string[] {
  return renderGateway(state(...args)).map(({ label, description }) => `${label}: ${description ?? ""}`);
}

describe("the Gateway view", () => {
  test("shows address and port while it runs", () => {
    expect(rows(ready())).toEqual([
      "Running: ",
      "Address: http://127.0.0.1:4141",
      "Port: 4141",
      "Gateway keys: ",
    ]);
  });

  test("shows the settings' address while no engine runs", () => {
    expect(rows({ kind: "idle" }, { port: 5151 })).toContain("Address: http://127.0.0.1:5151");
    expect(rows({ kind: "idle" })[0]).toBe("Stopped: ");
  });

  test("says why it failed, and that it waits", () => {
    const gateway = {
      state: "failed",
      code: "port_in_use",
      message: "port 4141 is taken",
      port: 4141,
    } as const;
    expect(rows(ready({ gateway }))[0]).toBe("Failed: port 4141 is taken");
    expect(rows({ kind: "restarting" })[0]).toBe("Waiting for the engine: restarting…");
  });

  test("shows gateway keys masked, and faulty ones with the reason", () => {
    const gatewayKeys = [
      { name: "default", masked: "pst_ab…wxyz", source: "stored" as const },
      { name: "ci", masked: "", source: "settings" as const, fault: "disabled" },
    ];
    const children = renderGateway(state(ready(), { gatewayKeys }))[3]?.children ?? [];
    expect(
      children.map(({ label, description, contextValue }) => [label, description, contextValue]),
    ).toEqual([
      ["default", "pst_ab…wxyz", "gatewayKey stored usable"],
      ["ci", "disabled", "gatewayKey settings faulty"],
    ]);
  });

  test("gives two gateway keys of one name rows of their own", () => {
    const faulty = { name: "ci", masked: "", source: "settings" as const, fault: "disabled" };
    const gatewayKeys = [faulty, faulty, { name: "ci", masked: "…", source: "stored" as const }];
    const children = renderGateway(state(ready(), { gatewayKeys }))[3]?.children ?? [];
    expect(new Set(children.map(({ id }) => id)).size).toBe(3);
  });

  test("warns of an address that others can reach", () => {
    const warns = (host: string) =>
      /Other machines can reach/.test(renderGateway(state(ready(), { host }))[1]?.tooltip ?? "");
    for (const host of ["localhost", "LocalHost", "127.0.0.1", "127.0.0.2", "::1", "[::1]"]) {
      expect(warns(host), host).toBe(false);
    }
    for (const host of ["0.0.0.0", "::", "192.168.0.2", "127.evil.example"]) {
      expect(warns(host), host).toBe(true);
    }
  });

  test("hovers say more than their rows", () => {
    const key = { name: "ci", masked: "pst_ab…wxyz", source: "settings" as const };
    const [running, , port, keys] = renderGateway(state(ready(), { gatewayKeys: [key] }));
    expect(running?.tooltip).toMatch(/every enabled provider/);
    expect(port?.tooltip).toContain("`postern.gateway.port`");
    expect(keys?.children?.[0]?.tooltip).toMatch(/pst.*from the environment$/);
    expect(renderGateway(state({ kind: "idle" }, { port: 0 }))[2]?.tooltip).toMatch(/free one/);
  });

  test("writes an IPv6 address as a URL", () => {
    expect(gatewayUrl({ kind: "idle" }, { host: "::1", port: 1 })).toBe("http://[::1]:1");
  });

  test("shows settings that are not used", () => {
    const problems = [{ path: "postern.gateway.port", message: "is not a port; 4141 is used" }];
    expect(rows(ready(), { problems }).at(-1)).toBe("postern.gateway.port is not a port; 4141 is used: ");
  });
});
