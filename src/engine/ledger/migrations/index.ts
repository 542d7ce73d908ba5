import { requests } from "./0001requests";
import { audit } from "./0002audit";
import { taskRuns } from "./0003taskRuns";
import { premiumBasis } from "./0004premiumBasis";
import type { Migration } from "./migration";

export type { Migration } from "./migration";

/** Every step of the ledger's schema, in order and without a gap. */
export const MIGRATIONS: readonly Migration[] = [requests, audit, taskRuns, premiumBasis];
