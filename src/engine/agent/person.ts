import { createInterface, type Interface } from "node:readline/promises";
import type { PermissionQuestion } from "../../core/agent/contract";
import {
  ASK_ALWAYS,
  allowingAllLike,
  isAllowed,
  type PermissionRules,
  questionText,
} from "../../core/agent/permissions";
import { visible } from "../../core/agent/visible";
import { Turns } from "../../core/turns";

/** The person at the terminal, if there is one: asked on standard error, so that standard output is the answer alone. */
export class Person {
  private rules: PermissionRules;
  private lines: Interface | undefined;
  /** One question after the other. */
  private readonly turns = new Turns();

  constructor(allow: readonly string[]) {
    this.rules = rulesOf(allow) ?? ASK_ALWAYS;
  }

  /** Models and files of others write much of it. */
  say(line: string): void {
    process.stderr.write(`${visible(line)}\n`);
  }

  /** Without a terminal nobody says yes to anything. */
  permit(question: PermissionQuestion, signal: AbortSignal): Promise<boolean> {
    return this.turns.take(async () => {
      if (isAllowed(question, this.rules)) return true;
      if (!process.stdin.isTTY) {
        this.say(`· not allowed: ${questionText(question)}`);
        return false;
      }
      const all = allowingAllLike(question, this.rules);
      if (question.kind === "edit") this.say(question.diff.trim());
      if (question.kind === "command") this.say(question.command.trim());
      const answer = await this.read(
        `${questionText(question)}? [y]es, [n]o${all ? ", [a]ll like this" : ""}: `,
        signal,
      );
      if (all && /^a/i.test(answer)) this.rules = all;
      return /^y/i.test(answer) || (all !== undefined && /^a/i.test(answer));
    });
  }

  ask(question: string, signal: AbortSignal): Promise<boolean> {
    return this.turns.take(async () => {
      if (!process.stdin.isTTY) return false;
      return /^y/i.test(await this.read(`${question} [y]es, [n]o: `, signal));
    });
  }

  close(): void {
    this.lines?.close();
  }

  private async read(prompt: string, signal: AbortSignal): Promise<string> {
    this.lines ??= linesOfTerminal();
    return (await this.lines.question(prompt, { signal }).catch(() => "")).trim();
  }
}

/** While it reads, Ctrl-C is a key like any other, and would be no more than an empty answer. */
function linesOfTerminal(): Interface {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on("SIGINT", () => process.emit("SIGINT", "SIGINT"));
  return lines;
}

/** What `--allow` says. @returns undefined where it says something unknown */
export function rulesOf(allow: readonly string[]): PermissionRules | undefined {
  if (allow.some((word) => !["read", "edit", "run"].includes(word))) return undefined;
  const has = (word: string) => allow.includes(word);
  return { ...ASK_ALWAYS, read: has("read"), edit: has("edit"), command: has("run") };
}
