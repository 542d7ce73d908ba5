import { beforeEach, describe, expect, test } from "vitest";
import { selectedModels } from "../../../src/vscode/commands/knownModels";
import { targetOf, targetsOf } from "../../../src/vscode/common/target";
import { ModelEditor } from "../../../src/vscode/providers/modelEditor";
import { addModel, patchModel, removeModel } from "../../../src/vscode/settings/modelEdits";

const hide = { hidden: true };
const show = { hidden: undefined };

describe("what the settings say of a model", () => {
  test.each([
    ["a listed model is overridden", {}, hide, { modelOverrides: { m: { hidden: true } } }],
    [
      "beside what is said already",
      { modelOverrides: { m: { name: "M" }, other: { pinned: true } } },
      hide,
      { modelOverrides: { m: { name: "M", hidden: true }, other: { pinned: true } } },
    ],
    [
      "an override that says nothing any more goes",
      { modelOverrides: { m: hide } },
      show,
      { modelOverrides: undefined },
    ],
    [
      "and leaves the others",
      { modelOverrides: { m: hide, other: {}, x: hide } },
      show,
      { modelOverrides: { x: hide } },
    ],
    [
      "a model of the person's list is changed there",
      { models: [{ id: "a" }, { id: "m", name: "M" }] },
      hide,
      { models: [{ id: "a" }, { id: "m", name: "M", hidden: true }] },
    ],
    [
      "so is one that was added",
      { extraModels: [{ id: "m", contextWindow: 5 }] },
      hide,
      { extraModels: [{ id: "m", contextWindow: 5, hidden: true }] },
    ],
    [
      "what an override says of it is changed where it counts",
      { models: [{ id: "m", name: "Own" }], modelOverrides: { m: { name: "Over" } } },
      { name: "New" },
      { models: [{ id: "m", name: "Own" }], modelOverrides: { m: { name: "New" } } },
    ],
    [
      "and removed in both places",
      { models: [{ id: "m", hidden: true }], modelOverrides: { m: { hidden: true } } },
      show,
      { models: [{ id: "m" }], modelOverrides: undefined },
    ],
    [
      "faulty values are left alone",
      { models: 7, extraModels: [null, "m"] },
      hide,
      { modelOverrides: { m: hide } },
    ],
    [
      "an id like a method's name is an id",
      {},
      hide,
      { modelOverrides: { constructor: { hidden: true } } },
      "constructor",
    ],
  ] as const)("%s", (_, before, patch, after, id: string = "m") => {
    expect(patchModel(before, id, patch)).toEqual(after);
  });

  test("a model is added to the person's list, or beside the provider's", () => {
    expect(addModel({ models: [{ id: "a" }] }, { id: "m" })).toEqual({ models: [{ id: "a" }, { id: "m" }] });
    expect(addModel({}, { id: "m" })).toEqual({ extraModels: [{ id: "m" }] });
  });

  test("a model that is removed leaves nothing behind", () => {
    const before = { extraModels: [{ id: "m" }], modelOverrides: { m: { name: "M" } } };
    expect(removeModel(before, "m")).toEqual({ extraModels: undefined, modelOverrides: undefined });
    const listed = { models: [{ id: "m" }, { id: "a" }] };
    expect(removeModel(listed, "m")).toEqual({
      models: [{ id: "a" }],
      extraModels: undefined,
      modelOverrides: undefined,
    });
  });
});

describe("the editor of models", () => {
  type Provider = Record<string, unknown>;
  let providers: Provider[];
  let editor: ModelEditor;
  const model = (id: string, index = 0) => ({
    provider: { kind: "provider" as const, id: `p${index}`, index },
    id,
  });

  beforeEach(() => {
    providers = [{ id: "p0" }, { id: "p1", models: [{ id: "x" }] }];
    editor = new ModelEditor({
      raw: ({ index }) => providers[index] ?? {},
      patch: async ({ index }, patch) => {
        const merged = { ...providers[index], ...patch };
        providers[index] = Object.fromEntries(
          Object.entries(merged).filter(([, value]) => value !== undefined),
        );
      },
    });
  });

  test("hides models of several providers, and undoes that without undoing what came after", async () => {
    providers[0] = { id: "p0", modelOverrides: { a: { pinned: true } } };
    const undo = await editor.patch([model("a"), model("b"), model("x", 1)], {
      hidden: true,
      pinned: undefined,
    });
    expect(providers).toEqual([
      { id: "p0", modelOverrides: { a: { hidden: true }, b: { hidden: true } } },
      { id: "p1", models: [{ id: "x", hidden: true }] },
    ]);
    await editor.patch([model("a")], { name: "A" });
    await editor.patch([model("c")], { hidden: true });
    await undo();
    expect(providers).toEqual([
      { id: "p0", modelOverrides: { a: { name: "A", pinned: true }, c: { hidden: true } } },
      { id: "p1", models: [{ id: "x" }] },
    ]);
  });

  test("adds a model, and takes it away again", async () => {
    const undo = await editor.add(model("m").provider, { id: "m" });
    expect(providers[0]).toEqual({ id: "p0", extraModels: [{ id: "m" }] });
    await undo();
    expect(providers[0]).toEqual({ id: "p0" });
  });

  test("brings a removed model back with all that was said of it", async () => {
    const before = {
      id: "p0",
      extraModels: [{ id: "m", contextWindow: 5 }],
      modelOverrides: { m: { name: "M" } },
    };
    providers[0] = before;
    const undo = await editor.remove(model("m"));
    expect(providers[0]).toEqual({ id: "p0" });
    await undo();
    expect(providers[0]).toEqual({ id: "p0", extraModels: [{ id: "m", contextWindow: 5, name: "M" }] });
  });
});

describe("rows that were selected", () => {
  const row = (id: string) => ({
    target: { kind: "model", name: `p/${id}`, modelId: id, provider: { id: "p", index: 2 } },
  });
  const provider = { target: { kind: "provider", id: "p", index: 2 } };
  const ids = (clicked: unknown, ...selection: unknown[]) =>
    selectedModels(targetOf(clicked), targetsOf(selection)).map(({ id }) => id);

  test("all of them, if the menu was opened on one of them", () => {
    expect(ids(row("a"), row("a"), row("b"), provider)).toEqual(["a", "b"]);
    expect(selectedModels(targetOf(row("a")), [])[0]?.provider).toEqual({
      kind: "provider",
      id: "p",
      index: 2,
    });
  });

  test("the one that the menu was opened on, if it is another", () => {
    expect(ids(row("c"), row("a"), row("b"))).toEqual(["c"]);
  });

  test("none, if the command was not called from the tree", () => {
    expect(ids(undefined, row("a"))).toEqual([]);
    expect(ids({ target: { kind: "model", name: "p/a" } })).toEqual([]);
    expect(ids({ target: { kind: "model", name: "p/a", modelId: 7, provider: { id: "p" } } })).toEqual([]);
  });
});
