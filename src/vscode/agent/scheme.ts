/** Scheme of the addresses of runs' documents. */
export const AGENT_SCHEME = "postern-agent";
