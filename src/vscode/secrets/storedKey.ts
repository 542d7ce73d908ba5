import * as z from "zod";
import { credentialLabelSchema } from "../../core/config/schema";
import { freeLabel, originOf, type StoredSecret } from "../../core/credentials/stored";

const secretSchema = z.object({
  label: credentialLabelSchema,
  kind: z.enum(["apiKey", "bearerToken"]),
  value: z.string().min(1),
  // Without it nobody knows where the key may go.
  origin: z.string().refine((origin) => originOf(origin) === origin),
});
const listSchema = z.object({ credentials: z.array(z.unknown()) });

/** One secret holds all of a provider: of two, one could be written and the other not. */
export function formatStored(credentials: readonly StoredSecret[]): string {
  return JSON.stringify({
    credentials: credentials.map(({ label, kind, value, origin }) => ({ label, kind, value, origin })),
  });
}

/** Reads a secret. What is not as we write it is left out, because nobody knows where such a key may go. */
export function parseStored(secret: string): StoredSecret[] {
  let value: unknown;
  try {
    value = JSON.parse(secret);
  } catch {
    return [];
  }
  const list = listSchema.safeParse(value);
  if (!list.success) return parseSingle(value);
  const found: StoredSecret[] = [];
  for (const entry of list.data.credentials) {
    const parsed = secretSchema.safeParse(entry);
    if (!parsed.success) continue;
    const taken = found.map(({ label }) => label);
    found.push({ ...parsed.data, label: freeLabel(parsed.data.label, taken) });
  }
  return found;
}

/** As it was before a provider could have several: one token or key, or one of each, of which the token was used. */
function parseSingle(value: unknown): StoredSecret[] {
  if (typeof value !== "object" || value === null) return [];
  const fields = value as Record<string, unknown>;
  const names = [
    ["bearerToken", "token"],
    ["apiKey", DEFAULT_LABEL],
  ] as const;
  return names.flatMap(([kind, label]) => {
    const parsed = secretSchema.safeParse({ label, kind, value: fields[kind], origin: fields.origin });
    return parsed.success ? [parsed.data] : [];
  });
}

/** What a provider's only key is called until the person gives it another label. */
export const DEFAULT_LABEL = "key";
