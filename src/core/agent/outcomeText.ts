import { counted } from "../governance/limitText";
import type { AgentOutcome } from "./contract";

/** How a run has ended: "Done after 3 turns". */
export function outcomeText({ end, reason, turns }: AgentOutcome): string {
  const said = { done: "Done", cancelled: "Cancelled", failed: "Failed", limit: "Stopped" }[end];
  return `${said} after ${counted(turns, "turn")}${reason === undefined ? "" : `: ${reason}`}`;
}
