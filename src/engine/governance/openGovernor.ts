import type { RequestRecord } from "../../core/governance/requestRecord";
import type { Governor, Reservation } from "./governor";

/** Lets everything through, and hands on the rows. */
export class OpenGovernor implements Governor {
  constructor(private readonly append: (record: RequestRecord) => void) {}

  admit({ record }: Parameters<Governor["admit"]>[0]): Reservation {
    return { requestId: record.id, warnings: [] };
  }

  retarget(): void {}

  settle(_: Reservation | undefined, record: RequestRecord): void {
    this.append(record);
  }

  observe(): void {}

  allows(): boolean {
    return true;
  }
}
