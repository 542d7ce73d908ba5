import { beforeEach, describe, expect, test } from "vitest";
import { moveRoute } from "../../../src/vscode/routes/moveRoute";
import { RouteEditor } from "../../../src/vscode/routes/routeEditor";

const m = (model: string, more: object = {}) => ({ model, ...more });
/** With a fault, a comment of the person's own and a field that this version does not know. */
const written = () => [
  { name: "fast", targets: [m("a"), m("b", { weight: 2 }), m("c")], note: "mine" },
  "nonsense",
  { match: "gpt-*", strategy: "cheapest", targets: [m("a")] },
];

let raw: unknown;
let writes: number;
let changes: number;
let editor: RouteEditor;

beforeEach(() => {
  raw = written();
  writes = 0;
  changes = 0;
  const settings = {
    routes: () => raw,
    writeRoutes: async (list: readonly unknown[]) => {
      // Writing takes its time, and another edit may be asked for meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 1));
      raw = JSON.parse(JSON.stringify(list));
      writes += 1;
    },
  };
  editor = new RouteEditor(settings, async () => {
    changes += 1;
  });
});

const fast = { name: "fast", index: 0 };
const target = (model: string, at: number) => ({ kind: "routeTarget" as const, model, at, route: fast });
const entry = (index: number) => (raw as Record<string, unknown>[])[index];
const models = () =>
  (entry(0) as { targets: { model: string }[] }).targets.map(({ model }) => model).join("");

describe("edits of the setting postern.routes", () => {
  test.each<[string, () => Promise<() => Promise<void>>, (list: ReturnType<typeof written>) => unknown]>([
    [
      "a new route",
      () => editor.add({ id: "new", strategy: "fallback", targets: ["x", "y"] }),
      (list) => [...list, { name: "new", targets: [m("x"), m("y")] }],
    ],
    [
      "a new pattern",
      () => editor.add({ id: "o*", strategy: "weighted", targets: ["x"] }),
      (list) => [...list, { match: "o*", strategy: "weighted", targets: [m("x")] }],
    ],
    ["a removed route", () => editor.remove(fast), (list) => list.slice(1)],
    ["a removed faulty one", () => editor.remove({ name: "#2", index: 1 }), (list) => [list[0], list[2]]],
    [
      "a name that becomes a pattern",
      () => editor.rename(fast, "fast-*"),
      ([first, ...rest]) => [
        { match: "fast-*", targets: (first as { targets: unknown }).targets, note: "mine" },
        ...rest,
      ],
    ],
    [
      "another strategy",
      () => editor.patch({ name: "gpt-*", index: 2 }, { strategy: "round-robin" }),
      ([one, two]) => [one, two, { match: "gpt-*", strategy: "round-robin", targets: [m("a")] }],
    ],
    [
      "added targets, but not twice",
      () => editor.addTargets({ name: "gpt-*", index: 2 }, ["a", "z"]),
      ([one, two]) => [one, two, { match: "gpt-*", strategy: "cheapest", targets: [m("a"), m("z")] }],
    ],
    [
      "a removed target",
      () => editor.removeTarget(target("b", 1)),
      ([, ...rest]) => [{ name: "fast", targets: [m("a"), m("c")], note: "mine" }, ...rest],
    ],
    [
      "a weight",
      () => editor.patchTarget(target("b", 1), { weight: undefined }),
      ([, ...rest]) => [{ name: "fast", targets: [m("a"), m("b"), m("c")], note: "mine" }, ...rest],
    ],
  ])(
    "%s: everything else stays as it was written, and Undo brings back what was",
    async (_, change, after) => {
      const undo = await change();
      expect(raw).toEqual(after(written()));
      await undo();
      expect(raw).toEqual(written());
      expect(changes).toBe(2);
    },
  );

  test("Undo keeps what has been changed since", async () => {
    const undo = await editor.removeTarget(target("b", 1));
    await editor.patch(fast, { strategy: "weighted" });
    await editor.move(fast, "end");
    await undo();
    expect(raw).toEqual([
      ...written().slice(1),
      { name: "fast", targets: [m("a"), m("b", { weight: 2 }), m("c")], note: "mine", strategy: "weighted" },
    ]);
  });

  test("what is asked for at once is done one after the other, and a failure stops nothing", async () => {
    const done = [
      editor.moveTarget(target("a", 0), 2),
      editor.removeTarget(target("nowhere", 0)),
      editor.patchTarget(target("c", 2), { weight: 5 }),
      editor.add({ id: "new", strategy: "fallback", targets: ["x"] }),
    ];
    const ends = await Promise.allSettled(done);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(writes).toBe(3);
    expect(entry(0)?.targets).toEqual([m("b", { weight: 2 }), m("c", { weight: 5 }), m("a")]);
    expect(entry(3)).toEqual({ name: "new", targets: [m("x")] });
  });

  test("a route is found by its name when the list has changed since it was seen", async () => {
    raw = written().toReversed();
    await editor.patch(fast, { strategy: "cheapest" });
    expect(entry(2)).toMatchObject({ name: "fast", strategy: "cheapest" });
  });

  test.each([
    [
      () => editor.add({ id: "gpt-*", strategy: "fallback", targets: ["x"] }),
      /there is a route gpt-\* already/i,
    ],
    [() => editor.rename(fast, "gpt-*"), /already/],
    [() => editor.remove({ name: "gone", index: 0 }), /no route gone in the settings any more/],
    [
      () => editor.removeTarget({ ...target("a", 0), route: { name: "gpt-*", index: 2 } }),
      /delete the route instead/,
    ],
  ])("refuses what would break something", async (change, reason) => {
    await expect(change()).rejects.toThrow(reason);
    expect(writes).toBe(0);
  });

  test("Undo of a removal does not take the place of a route made meanwhile", async () => {
    const undo = await editor.remove(fast);
    await editor.add({ id: "fast", strategy: "fallback", targets: ["z"] });
    await expect(undo()).rejects.toThrow(/already/);
    expect((raw as unknown[]).length).toBe(3);
  });

  test("a setting that is no list is not written over", async () => {
    raw = { fast: "openai/x" };
    await expect(editor.add({ id: "x", strategy: "fallback", targets: ["y"] })).rejects.toThrow(/not a list/);
    expect(writes).toBe(0);
  });
});

describe("dragging", () => {
  const route = (name: string, index: number) => ({ kind: "route" as const, name, index });
  test("a target takes the place of the one it is dropped on, or goes to the end", async () => {
    await moveRoute(editor, target("c", 2), target("a", 0));
    expect(models()).toBe("cab");
    await moveRoute(editor, target("c", 0), route("fast", 0));
    expect(models()).toBe("abc");
    await moveRoute(editor, target("a", 0), "end");
    expect(models()).toBe("bca");
  });

  test("a target does not change routes", async () => {
    const other = { ...target("a", 0), route: { name: "gpt-*", index: 2 } };
    await moveRoute(editor, other, target("b", 1));
    await moveRoute(editor, other, route("fast", 0));
    expect(writes).toBe(0);
  });

  test("a route takes the place of the one it is dropped on, be it on one of its targets", async () => {
    await moveRoute(editor, route("gpt-*", 2), target("b", 1));
    expect(entry(0)).toMatchObject({ match: "gpt-*" });
    await moveRoute(editor, route("gpt-*", 0), "end");
    expect(raw).toEqual(written());
  });
});
