import { expect, test, vi } from "vitest";
import { askedInChat } from "../../../src/vscode/agent/attached";

const { Location, Uri } = vi.hoisted(() => {
  class Uri {
    constructor(
      readonly scheme: string,
      readonly fsPath: string,
    ) {}
  }
  class Location {
    constructor(
      readonly uri: Uri,
      readonly range: object,
    ) {}
  }
  return { Location, Uri };
});
vi.mock("vscode", () => ({ Location, Uri }));

const ask = (...values: readonly unknown[]) =>
  askedInChat({
    prompt: "What is it?",
    references: values.map((value, at) => ({ id: `thing ${at}`, value })),
  });

test("files, selections and words that are attached are named, and images are sent along", async () => {
  const file = new Uri("file", "/work/a.ts");
  const lines = new Location(file, { start: { line: 2 }, end: { line: 4 } });
  const image = { mimeType: "image/png", data: async () => new Uint8Array([1, 2, 3]) };
  expect(await ask(file, lines, "words", image)).toEqual({
    prompt: "What is it?\n\nAttached: /work/a.ts\n\nAttached: /work/a.ts, lines 3 to 5\n\nAttached: words",
    images: [{ mimeType: "image/png", data: "AQID" }],
    leftOut: [],
  });
});

test("what the agent cannot be told is said to be left out", async () => {
  const film = { mimeType: "video/mp4", data: async () => new Uint8Array() };
  const { prompt, images, leftOut } = await ask(new Uri("untitled", "Untitled-1"), film, { diagnostics: [] });
  expect({ prompt, images }).toEqual({ prompt: "What is it?", images: [] });
  expect(leftOut).toEqual(["thing 0", "thing 1", "thing 2"]);
});
