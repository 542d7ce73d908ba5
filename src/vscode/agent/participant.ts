import * as vscode from "vscode";
import type { AgentHost } from "../../core/agent/contract";
import { CHAT_VENDOR } from "../chat/vendor";
import { DisposableStore } from "../common/disposables";
import { endText, eventText, lacksRuntime } from "../render/agentText";
import { plain } from "../render/policyWarning";
import { pickModel } from "./agentCommands";
import { AskPerson } from "./askPerson";
import { askedInChat } from "./attached";
import { AGENT_PARTICIPANT } from "./participantId";
import type { AgentParts } from "./parts";
import { folderForAgent } from "./place";
import { tellEnd, UNDO_CHANGES } from "./tellEnd";

/** What a turn leaves for the next one of the same conversation. */
interface TurnMetadata {
  readonly session?: string;
  readonly model?: string;
  /** Somebody else's model that was chosen in Chat, for which the person has named that one. */
  readonly instead?: string;
}

/** `@postern` in Chat: the agent on the model that is chosen there, one session for each conversation. */
export function registerParticipant(agent: Promise<AgentParts>): DisposableStore {
  const disposables = new DisposableStore();
  if (typeof vscode.chat?.createChatParticipant !== "function") return disposables;
  const handle: vscode.ChatRequestHandler = async (request, { history }, response, token) => {
    const parts = await agent;
    const before = lastTurn(history);
    const folder = folderForAgent();
    const foreign = foreignId(request.model);
    const known = foreign === undefined ? request.model.id : foreign === before.instead && before.model;
    const model = known || (await pickModel(await parts.state()));
    if (model === undefined) return {};
    const { prompt, images, leftOut } = await askedInChat(request);
    if (leftOut.length > 0)
      response.markdown(
        `_The agent is not given what it cannot read: ${plain(leftOut.join(", "))}. Save it as a file and attach that._\n\n`,
      );
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const person = new AskPerson(parts.person, (text) => response.progress(text));
    const host: AgentHost = {
      onEvent: (event) => {
        // Chat has closed what it shows of a turn that was cancelled.
        if (token.isCancellationRequested) return;
        if (event.type === "tool") response.progress(`${event.name} ${event.detail}`);
        else response.markdown(eventText(event));
      },
      permit: (question, signal) => person.permit(question, signal),
    };
    const resume = before.session === undefined ? {} : { resume: before.session };
    const { outcome, cost } = await parts.runner.run(
      { prompt, images, model, folder, ...resume },
      host,
      abort.signal,
    );
    const hasChanged = person.changes.paths.length > 0;
    if (token.isCancellationRequested) tellEnd({ outcome, cost }, hasChanged ? UNDO_CHANGES : {});
    else {
      response.markdown(endText(outcome, cost));
      if (hasChanged) response.button({ command: "postern.undoAgentChanges", title: "Undo Changes…" });
      if (lacksRuntime(outcome))
        response.button({ command: "postern.downloadCopilotRuntime", title: "Download Runtime" });
    }
    const metadata: TurnMetadata = {
      model,
      ...(foreign === undefined ? {} : { instead: foreign }),
      ...(outcome.sessionId === undefined ? {} : { session: outcome.sessionId }),
    };
    return {
      metadata,
      ...(outcome.end === "failed"
        ? { errorDetails: { message: outcome.reason ?? "The agent has failed." } }
        : {}),
    };
  };
  disposables.add(vscode.chat.createChatParticipant(AGENT_PARTICIPANT, handle));
  return disposables;
}

/** Only a model of our own can be asked through the gateway; another one is not silently replaced by one. */
function foreignId({ vendor, id }: vscode.LanguageModelChat): string | undefined {
  return vendor === CHAT_VENDOR ? undefined : `${vendor}/${id}`;
}

/** Of what each turn has left, the latest: one that came to nothing has no session, and does not end the one before. */
function lastTurn(history: vscode.ChatContext["history"]): TurnMetadata {
  const left = history.map((turn) => (turn instanceof vscode.ChatResponseTurn ? turn.result.metadata : {}));
  const { session, model, instead }: Record<string, unknown> = Object.assign({}, ...left);
  return {
    ...(typeof session === "string" ? { session } : {}),
    ...(typeof model === "string" ? { model } : {}),
    ...(typeof instead === "string" ? { instead } : {}),
  };
}
