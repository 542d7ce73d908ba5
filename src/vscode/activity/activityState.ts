import type { RequestCursor } from "../../core/governance/ledgerQuery";
import type { RequestBeginning } from "../../core/governance/openRequest";
import type { RequestOutcome, RequestRecord } from "../../core/governance/requestRecord";
import { Emitter } from "../common/emitter";

/** Which requests the person wants to see; what is left out does not matter. */
export interface ActivityFilter {
  /** Words in the kept request or answer. */
  readonly text?: string;
  readonly gatewayKey?: string;
  readonly provider?: string;
  readonly workspace?: string;
  readonly outcome?: RequestOutcome;
}

/** What the Activity view shows. */
export interface ActivityState {
  /** unknown: nobody has asked yet. away: there is no engine to ask. */
  readonly kind: "unknown" | "away" | "known";
  readonly running: readonly RequestBeginning[];
  /** The latest to begin first. */
  readonly requests: readonly RequestRecord[];
  readonly filter: ActivityFilter;
  readonly next?: RequestCursor;
  /** Milliseconds since the epoch, of when this was so. */
  readonly at: number;
  /** Why what is shown may be old. */
  readonly fault?: string;
}

export const NO_ACTIVITY: ActivityState = { kind: "unknown", running: [], requests: [], filter: {}, at: 0 };

/** Holds what the view shows, and tells when it changes. */
export class ActivityStore {
  private current = NO_ACTIVITY;
  private readonly changed = new Emitter<ActivityState>();
  readonly onDidChange = this.changed.event;

  get value(): ActivityState {
    return this.current;
  }

  update(state: ActivityState): void {
    this.current = state;
    this.changed.fire(state);
  }

  dispose(): void {
    this.changed.dispose();
  }
}

export function isFiltered(filter: ActivityFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}
