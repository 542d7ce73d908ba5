import { randomBytes } from "node:crypto";
import { ENGINE_TOKEN } from "./names";
import type { SecretStore } from "./providerKeys";

/** What windows and engine share. Made once; two windows that make it at once end with the same one. */
export async function engineToken(secrets: Pick<SecretStore, "get" | "store">): Promise<string> {
  const known = await secrets.get(ENGINE_TOKEN);
  if (known) return known;
  const made = randomBytes(32).toString("hex");
  await secrets.store(ENGINE_TOKEN, made);
  // Another window may have stored its own meanwhile; what stands there now is what both use.
  return (await secrets.get(ENGINE_TOKEN)) ?? made;
}
