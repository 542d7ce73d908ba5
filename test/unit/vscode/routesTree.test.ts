import { describe, expect, test } from "vitest";
import { checkRoutes } from "../../../src/core/config/routes";
import type { EngineStatus, RouteStatus } from "../../../src/core/rpc/contract";
import { targetOf } from "../../../src/vscode/common/target";
import type { EngineState } from "../../../src/vscode/engine/state";
import { renderRoutes } from "../../../src/vscode/render/routesTree";
import { providerStatus, ready, state } from "./fixtures";

const ROUTES = [
  { name: "fast", targets: [{ model: "openai/small" }, { model: "large" }, { model: "gone/x" }] },
  {
    match: "claude-*",
    strategy: "weighted",
    targets: [{ model: "openai/small", weight: 3 }, { model: "large" }],
  },
];
const STATUS: RouteStatus[] = [
  {
    name: "fast",
    targets: [
      { model: "openai/small", state: "ready", servedBy: "openai/small", latencyMs: 1420 },
      { model: "large", state: "resting", servedBy: "openai/large", detail: "the provider limits it" },
      { model: "gone/x", state: "unusable", detail: "no provider has this model" },
    ],
    notes: ["stands before the model fast of openai, which is still reached as openai/fast"],
  },
  {
    name: "claude-*",
    targets: [
      { model: "openai/small", state: "ready", servedBy: "openai/small" },
      { model: "large", state: "ready", servedBy: "openai/large" },
    ],
  },
];
const MODELS = [
  {
    id: "small",
    facts: { contextWindow: 400_000, tools: true, price: { input: 0.25, output: 2 }, sources: {} },
  },
  { id: "large", facts: { contextWindow: 128_000, tools: true, images: true, sources: {} } },
];

function rows(routes: unknown, engine: EngineState) {
  return renderRoutes(state(engine, { routes: checkRoutes(routes) }));
}

function lines(routes: unknown, change: Partial<EngineStatus> | EngineState): string[] {
  const engine = "kind" in change ? change : ready(change);
  return rows(routes, engine).flatMap((row) => [
    `${row.label}: ${row.description}`,
    ...(row.children ?? []).map(
      ({ label, description }) => `  ${label}${description ? `: ${description}` : ""}`,
    ),
  ]);
}

const engine = { routes: STATUS, providers: [providerStatus({ models: MODELS })] };

describe("the Routes view", () => {
  test("shows each route with how it chooses and how many targets are ready, and each target with its state", () => {
    expect(lines(ROUTES, engine)).toEqual([
      "fast: in order · 1 of 3 ready",
      "  openai/small: ready · 1,420 ms · $0.25/$2",
      "  large: resting: the provider limits it · is openai/large",
      "  gone/x: unusable: no provider has this model",
      "  stands before the model fast of openai, which is still reached as openai/fast",
      "claude-*: pattern · by weight · all 2 ready",
      "  openai/small: ready · weight 3 · $0.25/$2",
      "  large: ready · weight 1 · is openai/large",
    ]);
  });

  test("says it aloud", () => {
    const [fast, claude] = rows(ROUTES, ready(engine));
    expect(fast?.accessibilityLabel).toBe("Route fast, in order, 1 of 3 ready");
    expect(claude?.accessibilityLabel).toBe("Route for models named claude-*, by weight, all 2 ready");
    expect(fast?.children?.[0]?.accessibilityLabel).toBe(
      "Target 1 of 3: openai/small, ready, begins to answer after 1420 milliseconds, 0.25 dollars in and 2 dollars out per million tokens",
    );
    expect(fast?.children?.[1]?.accessibilityLabel).toBe(
      "Target 2 of 3: large, resting: the provider limits it, served by openai/large",
    );
  });

  test("its hover promises only what all targets have", () => {
    const [, claude] = rows(ROUTES, ready(engine));
    expect(claude?.tooltip?.replaceAll("\\", "")).toContain(
      "All its targets have: context of 128,000 tokens, calls tools",
    );
  });

  test.each<EngineState>([{ kind: "idle" }, { kind: "restarting" }])(
    "claims no state that nobody has told: %j",
    (engine) => {
      expect(lines(ROUTES, engine)).toEqual([
        "fast: in order · 3 targets",
        "  openai/small",
        "  large",
        "  gone/x",
        "claude-*: pattern · by weight · 2 targets",
        "  openai/small: weight 3",
        "  large: weight 1",
      ]);
      expect(rows(ROUTES, engine)[0]?.icon?.id).toBe("circle-outline");
    },
  );

  test("a state that was told of other targets is not shown on these", () => {
    const edited = [{ name: "fast", targets: [{ model: "new" }, { model: "large" }] }];
    expect(lines(edited, engine).slice(1, 3)).toEqual([
      "  new",
      "  large: resting: the provider limits it · is openai/large",
    ]);
  });

  test("a route of which nothing can be asked says so", () => {
    const targets = [{ model: "gone/x", state: "unusable" as const, detail: "no provider has this model" }];
    const [row] = rows(
      [{ name: "lost", targets: [{ model: "gone/x" }] }],
      ready({ routes: [{ name: "lost", targets }] }),
    );
    expect(row?.description).toBe("in order · no target ready");
    expect(row?.icon?.id).toBe("error");
  });

  test("a faulty route shows what is wrong, and costs no other", () => {
    const mixed = [
      ROUTES[0],
      { name: "bad", targets: [], stratgy: "x" },
      { name: "fast", targets: [{ model: "m" }] },
    ];
    const shown = rows(mixed, { kind: "idle" });
    expect(shown.map(({ label, description }) => `${label}: ${description}`)).toEqual([
      "fast: in order · 3 targets",
      "bad: faulty: must have at least one target",
      'fast: faulty: "fast" is what an earlier route stands for',
    ]);
    expect(shown[1]?.children?.map(({ label }) => label)).toEqual([
      "routes[1].targets must have at least one target",
      "routes[1].stratgy unknown field; it is misspelt or not part of this version",
    ]);
    expect(shown[1]?.contextValue).toBe("route faulty");
    expect(new Set(shown.map(({ id }) => id)).size).toBe(3);
    // Its row leads to the entry at its own place, not to the first of the name.
    expect(shown[2]?.target).toEqual({ kind: "route", name: "fast", index: 2 });
  });

  test("a setting that is no list offers nothing to do to it", () => {
    const [row] = rows("nonsense", { kind: "idle" });
    expect(row).toMatchObject({ label: "postern.routes", contextValue: "info" });
    expect(row?.target).toBeUndefined();
  });

  test("rows keep their ids when routes and targets change places", () => {
    const ids = (routes: readonly object[]) =>
      rows(routes, { kind: "idle" }).flatMap(({ id, children = [] }) => [
        id,
        ...children.map((child) => child.id),
      ]);
    const [fast, claude] = ROUTES;
    const turned = { ...fast, targets: fast?.targets.toReversed() };
    expect(ids([claude, turned] as object[]).toSorted()).toEqual(ids(ROUTES).toSorted());
  });

  test("a name can be no markup in the hover", () => {
    const name = "[x](command:evil)$(bug)<b>https://evil.example";
    const [row] = rows([{ name, targets: [{ model: name }] }], { kind: "idle" });
    for (const text of [row?.tooltip, row?.children?.[0]?.tooltip]) {
      expect(text).not.toMatch(/\]\(command:|https:\/\/evil|\$\(bug/);
      expect(text).toContain("evil");
    }
  });

  test("commands take rows of the view, and nothing that only looks like one", () => {
    const [row] = rows(ROUTES, { kind: "idle" });
    for (const node of [row, row?.children?.[1]]) expect(targetOf(node)).toEqual(node?.target);
    for (const target of [
      { kind: "route" },
      { kind: "routeTarget", model: "m" },
      { kind: "routeTarget", route: { name: "x" } },
    ])
      expect(targetOf({ target })).toBeUndefined();
  });
});
