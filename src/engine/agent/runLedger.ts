import type { RequestRecord } from "../../core/governance/requestRecord";
import type { Ledger } from "../ledger/ledger";

const PAGE = 1_000;

/** Every request of a run, by what it was sent as `x-postern-task`. */
export async function requestsOfTask(
  ledger: Pick<Ledger, "requests">,
  task: string,
): Promise<readonly RequestRecord[]> {
  const found: RequestRecord[] = [];
  let before: Awaited<ReturnType<Ledger["requests"]>>["next"];
  do {
    const page = await ledger.requests({ filter: { task }, limit: PAGE, ...(before ? { before } : {}) });
    found.push(...page.requests);
    before = page.next;
  } while (before);
  return found;
}
