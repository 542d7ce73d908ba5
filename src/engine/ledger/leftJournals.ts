import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenRequest } from "../../core/governance/openRequest";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { isObject, type JsonObject } from "../../core/json/access";

/** A line of a journal, which is one JSON object. */
export type Line = { readonly begun: OpenRequest } | { readonly settled: RequestRecord };

/** What an engine had not written to the database when it ended. */
export interface LeftRequests {
  readonly settled: readonly RequestRecord[];
  /** Running when it ended. */
  readonly begun: readonly OpenRequest[];
}

export const NOTHING_LEFT: LeftRequests = { settled: [], begun: [] };

/** The file name of an engine's journal. */
export function journalName(pid: number, engine: string): string {
  return `ledger-${pid}-${engine}.journal`;
}

/** A journal that lies in the data folder, perhaps of an engine that is gone. */
export interface JournalFile {
  readonly path: string;
  readonly pid: number;
  /** The engine's id. */
  readonly engine: string;
}

/** @throws what the file system says */
export function journalsIn(folder: string): JournalFile[] {
  return readdirSync(folder).flatMap((name) => {
    const [, pid, engine] = /^ledger-(\d+)-([\da-f-]{36})\.journal$/.exec(name) ?? [];
    return pid === undefined || engine === undefined
      ? []
      : [{ path: join(folder, name), pid: Number(pid), engine }];
  });
}

/** What a journal holds; a line that is not whole, or is none of ours, is passed over. */
export function readJournal({ path }: JournalFile): LeftRequests {
  const begun = new Map<string, OpenRequest>();
  const settled: RequestRecord[] = [];
  for (const text of readFileSync(path, "utf8").split("\n")) {
    const line = lineIn(text);
    if (line === undefined) continue;
    if ("begun" in line) begun.set(line.begun.record.id, line.begun);
    else {
      settled.push(line.settled);
      begun.delete(line.settled.id);
    }
  }
  return { settled, begun: [...begun.values()] };
}

function lineIn(text: string): Line | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(line)) return undefined;
  const { begun, settled } = line;
  if (isRecord(settled)) return { settled };
  return isObject(begun) && isBeginning(begun.record)
    ? { begun: begun as unknown as OpenRequest }
    : undefined;
}

/** As far as a row could not be written otherwise. */
function isRecord(value: unknown): value is RequestRecord & Record<string, unknown> {
  return (
    isBeginning(value) &&
    typeof value.outcome === "string" &&
    Array.isArray(value.attempts) &&
    Array.isArray(value.dropped)
  );
}

function isBeginning(value: unknown): value is JsonObject {
  return (
    isObject(value) &&
    ["id", "operation", "protocolIn", "modelAsked"].every((name) => typeof value[name] === "string") &&
    isObject(value.caller) &&
    isObject(value.caller.labels)
  );
}
