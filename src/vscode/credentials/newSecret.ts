import { originOf, type StoredSecret } from "../../core/credentials/stored";
import { DEFAULT_LABEL } from "../secrets/storedKey";

/** A key as it is stored: bound to the address that it was entered for. @throws Error for an address that is none */
export function storedKey(value: string, baseUrl: unknown): StoredSecret {
  return { label: DEFAULT_LABEL, kind: "apiKey", value, origin: originFor(baseUrl) };
}

/** The origin that a key may go to. @throws Error for an address that is none */
export function originFor(baseUrl: unknown): string {
  const origin = originOf(baseUrl);
  if (origin === undefined) throw new Error("A key needs an address to go to; mend the provider's first.");
  return origin;
}
