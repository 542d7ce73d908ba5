import { expect, test, vi } from "vitest";
import type { AgentDocuments } from "../../../src/vscode/agent/documents";
import { ProposedChange } from "../../../src/vscode/agent/proposedChange";
import { within } from "../../support/waiting";

/** What happens while VS Code shows the diff. */
let meanwhile = (): void => {};
vi.mock("vscode", () => ({
  ProgressLocation: { Notification: 15 },
  Uri: { file: (path: string) => path },
  commands: {
    executeCommand: async (name: string) => {
      if (name === "vscode.diff") meanwhile();
    },
  },
  window: {
    tabGroups: { all: [], close: async () => true, onDidChangeTabs: () => ({ dispose: () => {} }) },
    withProgress: (_: object, task: () => Promise<unknown>) => task(),
  },
  workspace: { asRelativePath: (path: string) => path, fs: { stat: async () => ({}) } },
}));

const documents = { create: (name: string) => name, forget: () => {} } as unknown as AgentDocuments;
const question = { kind: "edit", path: "/w/a", inside: true, diff: "", newText: "b" } as const;

test("a run that ends while its change is being shown leaves no question behind", async () => {
  const over = new AbortController();
  meanwhile = () => over.abort();
  const asked = new ProposedChange(documents).ask(question, false, over.signal);
  expect(await within(asked, "the end of the question")).toBe("deny");
});

test("a change is answered by who is asked", async () => {
  const change = new ProposedChange(documents);
  meanwhile = () => setImmediate(() => change.choose("all"));
  expect(await within(change.ask(question, true, new AbortController().signal), "the answer")).toBe("all");
});
