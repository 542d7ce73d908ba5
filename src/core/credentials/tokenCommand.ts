import type { CredentialConfig } from "../config/schema";
import { type Invocation, invocationOf, type ProgramHost } from "./commandLine";
import type { CredentialOutcome } from "./resolve";
import { MAX_OUTPUT, readTokenOutput } from "./tokenOutput";

/** How a program ended, as far as anybody needs to know. */
export type ProgramEnd =
  | { readonly kind: "exited"; readonly code: number; readonly output: string }
  | { readonly kind: "signal" | "timeout" | "tooMuch" }
  /** The system's code, such as ENOENT. */
  | { readonly kind: "notStarted"; readonly code: string };

/** Runs a program to its end. What it says on standard error is nobody's business. */
export type RunProgram = (
  invocation: Invocation,
  limits: { readonly timeoutMs: number; readonly maxBytes: number },
) => Promise<ProgramEnd>;

export type CommandCredential = Extract<CredentialConfig, { kind: "command" }>;

/** Gets a token from a program. The reason never holds anything that the program has said. */
export async function askCommand(
  credential: CommandCredential,
  host: ProgramHost,
  run: RunProgram,
  now: () => number,
): Promise<CredentialOutcome> {
  const { command, timeoutSeconds, refreshSeconds, as } = credential;
  const prepared = invocationOf(command, host);
  if (!prepared.ok) return missing(prepared.fault);
  const end = await run(prepared.invocation, { timeoutMs: timeoutSeconds * 1000, maxBytes: MAX_OUTPUT });
  if (end.kind !== "exited") return missing(faultOf(end, credential));
  if (end.code !== 0)
    return missing(
      `the command ${command[0]} failed (exit code ${end.code}); run it in a terminal to see why`,
    );
  const read = readTokenOutput(end.output, now());
  if (!read.ok) return missing(`the command ${command[0]} is of no use: ${read.fault}`);
  const expiresAt =
    read.expiresAt ?? (refreshSeconds === undefined ? undefined : now() + refreshSeconds * 1000);
  if (expiresAt !== undefined && expiresAt <= now())
    return missing(`the command ${command[0]} prints a token that has expired already`);
  return { kind: as, value: read.value, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

function faultOf(end: Exclude<ProgramEnd, { kind: "exited" }>, credential: CommandCredential): string {
  const name = `the command ${credential.command[0]}`;
  switch (end.kind) {
    case "timeout":
      return `${name} did not end within ${credential.timeoutSeconds} s; it may be waiting for somebody to sign in`;
    case "tooMuch":
      return `${name} is of no use: it prints too much to be a token`;
    case "signal":
      return `${name} was ended from outside`;
    case "notStarted":
      return end.code === "ENOENT"
        ? `${name} is not there; install it, or write its whole path`
        : `${name} cannot be started (${end.code})`;
  }
}

function missing(reason: string): CredentialOutcome {
  return { kind: "missing", reason };
}
