import type { RequestOutcome, RequestRecord } from "../../core/governance/requestRecord";
import type { TreeIcon } from "./treeNode";

export const OUTCOME_TEXT: Record<RequestOutcome, string> = {
  answered: "answered",
  failed: "failed",
  refused: "refused",
  cut: "cut off",
  clientLeft: "client left",
};

export const OUTCOME_ICON: Record<RequestOutcome, TreeIcon> = {
  answered: { id: "pass", color: "testing.iconPassed" },
  failed: { id: "error", color: "list.errorForeground" },
  refused: { id: "circle-slash", color: "list.warningForeground" },
  cut: { id: "warning", color: "list.warningForeground" },
  clientLeft: { id: "debug-disconnect" },
};

/** Milliseconds as a person says them: 850 ms, 2.3 s, 3 min 5 s. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Micro-dollars: $0.0012, $1.23; an estimate says so. Never rounded to nothing. */
export function costText({ microUsd, basis }: NonNullable<RequestRecord["cost"]>): string {
  const dollars = microUsd / 1_000_000;
  const digits = dollars >= 1 || microUsd === 0 ? 2 : dollars >= 0.01 ? 4 : 6;
  return `${basis === "estimated" ? "≈ " : ""}$${dollars.toFixed(digits)}`;
}

/** Where and how times are told. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** An IANA zone; the machine's own where it is left out. */
  readonly timeZone?: string;
}

/** A moment: the time alone today, else with the date. */
export function momentText(at: number, { now, timeZone }: Clock): string {
  const day = (time: number): string => format(time, timeZone).slice(0, 10);
  const text = format(at, timeZone);
  return day(at) === day(now) ? text.slice(11) : text;
}

/** `2026-07-01 14:03:09` */
export function dateTimeText(at: number, timeZone?: string): string {
  return format(at, timeZone);
}

function format(at: number, timeZone: string | undefined): string {
  const options = { dateStyle: "short", timeStyle: "medium", hourCycle: "h23" } as const;
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat("sv-SE", { ...options, ...(timeZone ? { timeZone } : {}) }).format(at);
}

/** Who asked: the tool, where it is known, and by which key. */
export function callerText({ caller, tool }: Pick<RequestRecord, "caller" | "tool">): string {
  if (caller.kind === "vscode") return caller.name;
  return tool === undefined ? caller.name : `${tool} (${caller.name})`;
}

/** The model that a request asked for; there is none where it could not be read. */
export function askedText({ modelAsked }: Pick<RequestRecord, "modelAsked">): string {
  return modelAsked === "" ? "(no model)" : modelAsked;
}
