import type { Script } from "../support/scripted/turn";

/** The agents' tools that run a command, and how each is told which. */
const SHELLS: Record<string, (command: string) => object> = {
  Bash: (command) => ({ command, description: "Prints the canary" }),
  bash: (command) => ({ command, description: "Prints the canary" }),
  exec_command: (command) => ({ cmd: command }),
  shell_command: (command) => ({ command }),
  shell: (command) => ({ command: ["sh", "-c", command] }),
  powershell: (command) => ({ command, description: "Prints the canary" }),
};

/** Codex's tool for models of its newer catalogue: a program that calls the tools. Its name may have a prefix. */
const PROGRAM = /(^|__)exec$/;
const program = (command: string): string =>
  `const done = await tools.exec_command(${JSON.stringify({ cmd: command })});\ntext(done);`;

/** The command prints the two halves as one: what it printed cannot be taken from the question. */
export const COMMAND = "printf '%s-%s' canary 4711";
export const CANARY = "canary-4711";
export const PROMPT = "Run the command that prints the canary, and tell me what it printed.";
export const THOUGHT = "A command is needed.";

/** One command, and then a text that quotes what it printed. */
export const shellTask: Script = (seen) => {
  const tool = seen.tools.find(({ name }) => Object.hasOwn(SHELLS, name) || PROGRAM.test(name));
  // Requests beside the conversation, such as for a title, have no tools.
  if (!tool) return { text: "A canary" };
  if (seen.results.length === 0) {
    const text = program(COMMAND);
    const shell = SHELLS[tool.name]?.(COMMAND) ?? { input: text };
    const input = tool.custom ? text : JSON.stringify(shell);
    return { reasoning: THOUGHT, text: "I look.", calls: [{ name: tool.name, input }] };
  }
  const printed = seen.results.map(({ text }) => text).join("\n");
  return { text: `It printed ${/canary-\d+/.exec(printed)?.[0] ?? "nothing"}, as the model read it.` };
};
