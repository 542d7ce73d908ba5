import { homedir } from "node:os";
import { expect, test, vi } from "vitest";
import { apply } from "../../../src/vscode/diagnosis/remedies";

const terminals: unknown[] = [];
const sent: string[] = [];
vi.mock("vscode", () => ({
  window: {
    createTerminal: (options: unknown) => {
      terminals.push(options);
      return { show: () => {}, sendText: (text: string) => sent.push(text) };
    },
  },
}));

test("a runtime is started in the home folder, where no repository can bring a program of its name", async () => {
  const registry = { patch: async () => {}, keyOrigin: async () => undefined };
  const remedy = { kind: "startRuntime", runtime: "Ollama", command: "ollama serve" } as const;
  await apply(remedy, undefined, { registry, again: () => {} });
  expect(terminals).toEqual([{ name: "Ollama", cwd: homedir() }]);
  expect(sent).toEqual(["ollama serve"]);
});
