import type { RequestBeginning } from "../../core/governance/openRequest";
import type { RequestRecord } from "../../core/governance/requestRecord";
import type { Governor, Reservation } from "./governor";

/** Lets everything through, and hands on the rows. */
export class OpenGovernor implements Governor {
  /** @param opened told of each request that is let through, so that it shows as running */
  constructor(
    private readonly append: (record: RequestRecord) => void,
    private readonly opened: (record: RequestBeginning) => void = () => {},
  ) {}

  admit({ record }: Parameters<Governor["admit"]>[0]): Reservation {
    this.opened(record);
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
