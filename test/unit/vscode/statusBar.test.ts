import { describe, expect, test } from "vitest";
import { renderStatusBar, STATUS_BAR_COMMANDS } from "../../../src/vscode/render/statusBar";
import { entry, ready, state } from "./fixtures";

describe("the status bar item", () => {
  test.each([
    [ready(), "$(shield) Postern: 12 req · 34.5k tok", "normal"],
    [ready({ gateway: { state: "stopped" } }), "$(shield) Postern: stopped", "normal"],
    [
      ready({ gateway: { state: "failed", code: "port_in_use", message: "taken", port: 4141 } }),
      "$(shield) Postern: failed",
      "warning",
    ],
    [{ kind: "idle" as const }, "$(shield) Postern: stopped", "normal"],
    [{ kind: "starting" as const }, "$(sync~spin) Postern: starting…", "normal"],
    [{ kind: "restarting" as const }, "$(sync~spin) Postern: restarting…", "normal"],
    [{ kind: "failed" as const, message: "no" }, "$(shield) Postern: failed", "warning"],
    [{ kind: "outdated" as const }, "$(shield) Postern: failed", "warning"],
  ])("in state %j", (engine, text, severity) => {
    const view = renderStatusBar(state(engine));
    expect(view.text).toBe(text);
    expect(view.severity).toBe(severity);
    expect(view.accessibilityLabel).toMatch(/^Postern gateway /);
  });

  test("says so while other machines can reach the gateway, and only then", () => {
    const at = (host: string) =>
      renderStatusBar(
        state(ready({ gateway: { state: "running", url: "http://127.0.0.1:4141", host, port: 4141 } })),
      );
    const open = at("0.0.0.0");
    expect(open.text).toMatch(/^\$\(globe\) Postern: open to the network · /);
    expect(open.accessibilityLabel).toContain("open to the network");
    expect(open.tooltipMarkdown).toContain("**Other machines can reach it**");
    const closed = at("localhost");
    expect(closed.text + closed.accessibilityLabel + closed.tooltipMarkdown).not.toMatch(
      /globe|open to|Other/,
    );
  });

  test("is spoken with one full stop after each sentence", () => {
    const gateway = { state: "failed", code: "port_in_use", message: "Taken.", port: 4141 } as const;
    const { accessibilityLabel } = renderStatusBar(state(ready({ gateway })));
    expect(accessibilityLabel).toMatch(/^Postern gateway failed: Taken\. Today 12 requests/);
  });

  test("the hover tells address, usage and each provider", () => {
    const usage = { day: "2026-01-01", requests: 3, inputTokens: 1000, outputTokens: 1, unreported: 1 };
    const { tooltipMarkdown } = renderStatusBar(state(ready({ usage }), { providers: [entry()] }));
    const plain = tooltipMarkdown.replaceAll("\\", "");
    expect(plain).toContain("running at http://127.0.0.1:4141");
    expect(plain).toContain(
      "Today: 3 requests, 1,000 input tokens and 1 output token reported by providers, 1 request without a report",
    );
    expect(plain).toContain("- OpenAI: key set");
  });

  test("links to its own commands only, whatever a provider is called", () => {
    const name = "](command:workbench.action.quit) [click](command:evil)";
    const { tooltipMarkdown } = renderStatusBar(state(ready(), { providers: [entry({ name })] }));
    const links = [...tooltipMarkdown.matchAll(/(?<!\\)\]\(command:([^)]*)\)/g)].map((match) => match[1]);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(STATUS_BAR_COMMANDS).toContain(link);
  });

  test("offers the way out of its state", () => {
    expect(renderStatusBar(state(ready())).tooltipMarkdown).toContain("[Stop](command:postern.stopGateway)");
    expect(renderStatusBar(state({ kind: "idle" })).tooltipMarkdown).toContain(
      "[Start](command:postern.startGateway)",
    );
  });
});
