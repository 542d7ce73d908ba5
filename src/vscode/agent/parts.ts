import type { PosternState } from "../state";
import type { WindowPerson } from "./askPerson";
import type { AgentDocuments } from "./documents";
import type { AgentRunner } from "./runner";

/** What commands and chat run the agent with. */
export interface AgentParts {
  readonly runner: AgentRunner;
  readonly documents: AgentDocuments;
  readonly person: WindowPerson;
  /** Starts the engine if need be, and waits a moment for its models. */
  readonly state: () => Promise<PosternState>;
}
