/** Copilot's agent and what it is compared by: a bundle of its own (dist/agent.js), read when somebody asks for it. */
export { createAgent } from "./agent";
export { createComparer } from "./compare/comparer";
