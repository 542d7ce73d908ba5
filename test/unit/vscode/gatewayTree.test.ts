import { describe, expect, test } from "vitest";
import { checkBudgets } from "../../../src/core/config/budgets";
import { limitsOf } from "../../../src/core/governance/limits";
import { gatewayUrl } from "../../../src/vscode/render/gatewayState";
import { renderGateway } from "../../../src/vscode/render/gatewayTree";
import type { GatewayKeyEntry } from "../../../src/vscode/state";
import { limitsStatus, ready, state } from "./fixtures";

const NOW = new Date(2026, 10, 20, 12).getTime();

function rows(...args: Parameters<typeof state>): string[] {
  return renderGateway(state(...args), NOW).map(({ label, description }) => `${label}: ${description ?? ""}`);
}

describe("the Gateway view", () => {
  test("shows address and port while it runs", () => {
    expect(rows(ready())).toEqual([
      "Running: ",
      "Address: http://127.0.0.1:4141",
      "Port: 4141",
      "Gateway keys: ",
      "Budgets: ",
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

  test("shows gateway keys masked, with their limits, and those that are not accepted with the reason", () => {
    const gatewayKeys: GatewayKeyEntry[] = [
      { name: "default", masked: "pst_ab…wxyz", source: "settings", copyable: true },
      {
        name: "intern",
        masked: "pst_cd…wxyz",
        source: "settings",
        copyable: false,
        expiresAt: new Date(2027, 0, 1).getTime(),
        limits: {
          models: ["ollama/*", "fast"],
          budget: { usd: 5, premiumRequests: 3, period: "day" },
          requestsPerMinute: 60,
          tokensPerMinute: 100_000,
          labels: undefined,
        },
      },
      { name: "off", masked: "pst_ef…wxyz", source: "environment", copyable: true, disabled: true },
      { name: "old", masked: "pst_gh…wxyz", source: "settings", copyable: false, expiresAt: NOW },
      { name: "ci", masked: "", source: "environment", copyable: false, fault: "not set" },
      { name: "workspace a", masked: "pst_ij…wxyz", source: "workspace", copyable: false, folder: "/w/a" },
    ];
    const children = renderGateway(state(ready(), { gatewayKeys }), NOW)[3]?.children ?? [];
    expect(
      children.map(({ label, description, contextValue }) => [label, description, contextValue]),
    ).toEqual([
      ["default", "pst_ab…wxyz", "gatewayKey settings copyable editable enabled deletable"],
      [
        "intern",
        "pst_cd…wxyz · $5.00 a day · 3 premium requests a day · 60 requests/min · 100,000 tokens/min · ollama/*, fast · until 2027-01-01",
        "gatewayKey settings editable enabled deletable",
      ],
      [
        "off",
        "disabled · pst_ef…wxyz · from the environment",
        "gatewayKey environment copyable editable disabled",
      ],
      [
        "old",
        "expired · pst_gh…wxyz · until 2026-11-20 12:00",
        "gatewayKey settings editable enabled deletable",
      ],
      ["ci", "not set · from the environment", "gatewayKey environment faulty"],
      ["workspace a", "pst_ij…wxyz · for a workspace's terminals", "gatewayKey workspace deletable"],
    ]);
    expect(children[2]?.accessibilityLabel).toMatch(/^Gateway key off, not accepted, disabled/);
    expect(children[5]?.tooltip).toContain("Folder: \\/w\\/a");
  });

  test("gives two gateway keys of one name rows of their own", () => {
    const faulty = { name: "ci", masked: "", source: "settings", fault: "taken", copyable: false } as const;
    const gatewayKeys = [faulty, faulty, { ...faulty, source: "stored" as const }];
    const children = renderGateway(state(ready(), { gatewayKeys }), NOW)[3]?.children ?? [];
    expect(new Set(children.map(({ id }) => id)).size).toBe(3);
  });

  test("shows how budgets stand while the engine says so, and what they allow otherwise", () => {
    const budgets = checkBudgets([
      { name: "month", usd: 100, period: "month" },
      { name: "soft", scope: { key: "ci" }, requests: 5, period: "day", hard: false },
      { name: "wrong" },
    ]);
    const [month, soft] = limitsOf(
      budgets.flatMap((one) => (one.ok ? [one.budget] : [])),
      [],
    );
    if (!month || !soft) throw new Error("no limits");
    const limits = limitsStatus([
      { ...month, spent: 100_000_000 },
      { ...soft, spent: 4 },
    ]);
    const shown = (engine: Parameters<typeof state>[0]) =>
      (renderGateway(state(engine, { budgets }), NOW)[4]?.children ?? []).map(
        ({ label, description, icon }) => [label, description, icon?.id],
      );
    expect(shown(ready({ limits }))).toEqual([
      ["month", "100 % · $100.00 of $100.00 a month", "error"],
      ["soft", "80 % · 4 of 5 requests a day · gateway key ci · warns only", "warning"],
      ["wrong", expect.stringContaining("budgets[2]"), "warning"],
    ]);
    expect(shown({ kind: "idle" }).slice(0, 2)).toEqual([
      ["month", "$100.00 a month", "dash"],
      ["soft", "5 requests a day · gateway key ci · warns only", "dash"],
    ]);
  });

  test("says so while other machines can reach it, and only then", () => {
    const at = (host: string) => {
      const gateway = { state: "running", url: "http://127.0.0.1:4141", host, port: 4141 } as const;
      const [row] = renderGateway(state(ready({ gateway })), Date.now());
      return [
        row?.description,
        row?.icon?.id,
        row?.accessibilityLabel,
        /Other machines/.test(row?.tooltip ?? ""),
      ];
    };
    for (const host of ["0.0.0.0", "::", "192.168.0.2", "box.lan", "127.evil.example"])
      expect(at(host)).toEqual([
        "open to the network",
        "globe",
        "Gateway: Running, open to the network",
        true,
      ]);
    for (const host of ["127.0.0.1", "localhost", "::1"])
      expect(at(host)).toEqual([undefined, "pass-filled", "Gateway: Running", false]);
  });

  test("warns of an address that others can reach", () => {
    const warns = (host: string) =>
      /Other machines can reach/.test(renderGateway(state(ready(), { host }), NOW)[1]?.tooltip ?? "");
    for (const host of ["localhost", "LocalHost", "127.0.0.1", "127.0.0.2", "::1", "[::1]"]) {
      expect(warns(host), host).toBe(false);
    }
    for (const host of ["0.0.0.0", "::", "192.168.0.2", "127.evil.example"]) {
      expect(warns(host), host).toBe(true);
    }
  });

  test("hovers say more than their rows", () => {
    const key = { name: "ci", masked: "pst_ab…wxyz", source: "environment", copyable: true } as const;
    const [running, , port, keys] = renderGateway(state(ready(), { gatewayKeys: [key] }), NOW);
    expect(running?.tooltip).toMatch(/every enabled provider/);
    expect(port?.tooltip).toContain("`postern.gateway.port`");
    expect(keys?.children?.[0]?.tooltip).toMatch(/pst.*from the environment$/);
    expect(renderGateway(state({ kind: "idle" }, { port: 0 }), NOW)[2]?.tooltip).toMatch(/free one/);
  });

  test("writes an IPv6 address as a URL", () => {
    expect(gatewayUrl({ kind: "idle" }, { host: "::1", port: 1 })).toBe("http://[::1]:1");
  });

  test.each([
    ["0.0.0.0", "http://127.0.0.1:1"],
    ["::", "http://127.0.0.1:1"],
    ["[::1]", "http://[::1]:1"],
  ])("writes for %s the address that the engine will write once it runs", (host, url) => {
    expect(gatewayUrl({ kind: "idle" }, { host, port: 1 })).toBe(url);
  });

  test("shows settings that are not used", () => {
    const problems = [{ path: "postern.gateway.port", message: "is not a port; 4141 is used" }];
    expect(rows(ready(), { problems }).at(-1)).toBe("postern.gateway.port is not a port; 4141 is used: ");
  });
});
