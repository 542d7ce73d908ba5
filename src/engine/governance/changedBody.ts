import { scanTopLevel } from "../../core/json/topLevel";
import type { ClientBody } from "../relay/clientBody";

/** The body with other bytes, scanned anew. */
export function withBytes(body: ClientBody, bytes: Buffer): ClientBody {
  return { ...body, bytes, top: scanTopLevel(bytes) };
}
