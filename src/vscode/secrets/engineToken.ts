import { randomBytes } from "node:crypto";
import { ENGINE_TOKEN } from "./names";
import type { SecretStore } from "./providerKeys";

/** Longer than two windows that start together are apart. Waited once in the life of an installation. */
const SETTLE_MS = 250;

/** What windows and engine share. Made once; two windows that make it at once end with the same one. */
export async function engineToken(secrets: Pick<SecretStore, "get" | "store">): Promise<string> {
  const known = await secrets.get(ENGINE_TOKEN);
  if (known) return known;
  const made = randomBytes(32).toString("hex");
  await secrets.store(ENGINE_TOKEN, made);
  // Another window may have found none either and store its own a moment later; what stands there then, both use.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return (await secrets.get(ENGINE_TOKEN)) ?? made;
}
