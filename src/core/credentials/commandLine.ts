/** A program as the system is to start it. */
export interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
  /** Windows: the arguments are quoted already. */
  readonly verbatim?: true;
}

/** What of the system decides how a program is started. */
export interface ProgramHost {
  readonly platform: string;
  readonly environment: (name: string) => string | undefined;
  isFile(path: string): boolean;
}

export type InvocationResult =
  | { readonly ok: true; readonly invocation: Invocation }
  | { readonly ok: false; readonly fault: string };

/**
 * How a command is started without a shell. The program is a name that is looked up in PATH, or a whole path: one
 * relative to whatever folder is current could be anybody's. On Windows `az` and its like are batch files, which only
 * cmd.exe can start (Node refuses them, CVE-2024-27980), so their arguments must not have anything that it reads.
 */
export function invocationOf(command: readonly string[], host: ProgramHost): InvocationResult {
  const [program = "", ...args] = command;
  const windows = host.platform === "win32";
  const absolute = windows ? /^([A-Za-z]:[\\/]|\\\\)/.test(program) : program.startsWith("/");
  if (!absolute && /[\\/]/.test(program))
    return fault("the program must be a name, or a path from the root on");
  if (!windows) return { ok: true, invocation: { file: program, args } };
  const file = absolute && hasExtension(program) ? program : lookUp(program, absolute, host);
  if (file === undefined) return fault(`the program ${program} is not in PATH`);
  if (!/\.(cmd|bat)$/i.test(file)) return { ok: true, invocation: { file, args } };
  const unsafe = [file, ...args].find((text) => !/^[\w.:\\/=@,+ ()-]*$/.test(text));
  if (unsafe !== undefined)
    return fault("a batch file's arguments can only have letters, digits, spaces and . : \\ / = @ , + - ( )");
  const line = [file, ...args].map((text) => `"${text}"`).join(" ");
  const shell = host.environment("ComSpec") ?? "cmd.exe";
  return { ok: true, invocation: { file: shell, args: ["/d", "/s", "/c", `"${line}"`], verbatim: true } };
}

function lookUp(program: string, absolute: boolean, host: ProgramHost): string | undefined {
  const endings = hasExtension(program) ? [""] : [".com", ".exe", ".bat", ".cmd"];
  const folders = absolute ? [""] : (host.environment("PATH") ?? "").split(";").filter(Boolean);
  for (const folder of folders) {
    const base = folder === "" ? program : `${folder.replace(/[\\/]+$/, "")}\\${program}`;
    const found = endings.map((ending) => base + ending).find((path) => host.isFile(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

function hasExtension(program: string): boolean {
  return /\.(com|exe|bat|cmd)$/i.test(program);
}

function fault(text: string): InvocationResult {
  return { ok: false, fault: text };
}

/** A command as a person reads it: quoted where it would be misread otherwise. */
export function commandText(command: readonly string[]): string {
  return command.map((part) => (/^[\w@%+=:,./\\-]+$/.test(part) ? part : JSON.stringify(part))).join(" ");
}
