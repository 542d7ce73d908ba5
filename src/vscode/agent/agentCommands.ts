import * as vscode from "vscode";
import type { AgentHost } from "../../core/agent/contract";
import type { CommandHandlers } from "../commands/register";
import { endText, eventText, lacksRuntime } from "../render/agentText";
import { plain } from "../render/policyWarning";
import type { PosternState } from "../state";
import type { Actions } from "../ui/notify";
import { withCancel } from "../ui/progress";
import { inputStep, pickStep } from "../ui/steps";
import { AskPerson } from "./askPerson";
import { modelsFor } from "./models";
import type { AgentParts } from "./parts";
import { folderForAgent } from "./place";
import type { AgentRunner, AskedRun } from "./runner";
import { tellEnd, UNDO_CHANGES } from "./tellEnd";

type AgentCommands = Pick<
  CommandHandlers,
  | "postern.askAgent"
  | "postern.resumeAgent"
  | "postern.forgetAgentSession"
  | "postern.undoAgentChanges"
  | "postern.applyChange"
  | "postern.applyAllChanges"
  | "postern.denyChange"
>;

/** The commands that let the agent do something. */
export function agentCommands(parts: AgentParts): AgentCommands {
  return {
    "postern.askAgent": async () => {
      const folder = folderForAgent();
      const model = await pickModel(await parts.state());
      if (model !== undefined) await askAndRun(parts, { folder, model });
    },
    "postern.resumeAgent": async () => {
      const session = await pickSession(parts.runner, "Resume Copilot Agent Session");
      if (!session) return;
      const folder = session.folder === "" ? folderForAgent() : session.folder;
      if (!vscode.workspace.isTrusted) folderForAgent();
      const model = await pickModel(await parts.state());
      if (model !== undefined) await askAndRun(parts, { folder, model, resume: session.id });
    },
    "postern.forgetAgentSession": async () => {
      const session = await pickSession(parts.runner, "Forget Copilot Agent Session");
      if (session) await parts.runner.forget(session.id);
    },
    "postern.undoAgentChanges": () => parts.person.changes.undo(),
    "postern.applyChange": async () => parts.person.change.choose("allow"),
    "postern.applyAllChanges": async () => parts.person.change.choose("all"),
    "postern.denyChange": async () => parts.person.change.choose("deny"),
  };
}

async function askAndRun(parts: AgentParts, run: Omit<AskedRun, "prompt">): Promise<void> {
  const asked = await inputStep({
    title: "Ask Copilot Agent",
    prompt: `What shall it do in ${run.folder}, on ${run.model}?`,
    validate: (text) => (text.trim() === "" ? "Say what it shall do." : undefined),
  });
  if (asked.kind !== "answer") return;
  await runInDocument(parts, { ...run, prompt: asked.value });
}

/** Runs the agent into a document that grows. */
async function runInDocument(parts: AgentParts, run: AskedRun): Promise<void> {
  const { runner, documents } = parts;
  const document = documents.create(
    `${run.prompt.slice(0, 40)}.md`,
    `# ${run.prompt}\n\n${run.model}, in ${run.folder}\n\n`,
  );
  await vscode.window.showTextDocument(document, { preview: false, preserveFocus: true });
  let more: Actions = {};
  const { outcome, cost } = await withCancel(`Copilot's agent on ${run.model}`, async (signal, at) => {
    const person = new AskPerson(parts.person, at);
    const host: AgentHost = {
      onEvent: (event) => {
        documents.append(document, eventText(event));
        if (event.type === "tool") at(plain(`${event.name} ${event.detail}`));
        else if (event.type !== "retry") at("Working");
      },
      permit: (question, over) => person.permit(question, over),
    };
    const finished = await runner.run(run, host, signal);
    if (person.changes.paths.length > 0) more = UNDO_CHANGES;
    return finished;
  });
  documents.append(document, endText(outcome, cost));
  const { sessionId } = outcome;
  tellEnd(
    { outcome, cost },
    {
      ...(sessionId === undefined
        ? {}
        : { Reply: () => askAndRun(parts, { folder: run.folder, model: run.model, resume: sessionId }) }),
      ...(lacksRuntime(outcome)
        ? { "Download Runtime": () => vscode.commands.executeCommand("postern.downloadCopilotRuntime") }
        : {}),
      ...more,
    },
  );
}

/** @returns undefined where the person leaves */
export async function pickModel(state: PosternState): Promise<string | undefined> {
  const models = modelsFor(state);
  if (models.length === 0)
    throw new Error("There is no model that an agent could use. Add a provider first.");
  const answer = await pickStep({
    title: "Model for the Agent",
    placeholder: "Which model shall it use?",
    choices: models.map(({ id, name }) => ({
      label: id,
      value: id,
      ...(name === undefined ? {} : { description: name }),
    })),
  });
  return answer.kind === "answer" ? answer.value : undefined;
}

async function pickSession(runner: AgentRunner, title: string) {
  const sessions = await runner.sessions();
  if (sessions.length === 0) throw new Error("There is no earlier session.");
  const answer = await pickStep({
    title,
    placeholder: "Which one?",
    choices: sessions.map((session) => ({
      label: session.summary === "" ? session.id : (session.summary.split("\n")[0]?.slice(0, 100) ?? ""),
      description: new Date(session.modifiedAt).toLocaleString(),
      detail: session.folder,
      value: session,
    })),
  });
  return answer.kind === "answer" ? answer.value : undefined;
}
