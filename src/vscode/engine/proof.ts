import { createHmac, timingSafeEqual } from "node:crypto";
import { proofText } from "../../core/rpc/contract";

/** What proves knowledge of the token for one pair of nonces. */
export function proofOf(
  role: "engine" | "window",
  token: string,
  clientNonce: string,
  serverNonce: string,
): string {
  return createHmac("sha256", token)
    .update(proofText(role, clientNonce, serverNonce))
    .digest("hex");
}

/** Compares two proofs in constant time. */
export function sameProof(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}
