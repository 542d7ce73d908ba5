/** Id of the chat participant that people call `@postern`. */
export const AGENT_PARTICIPANT = "postern.agent";
