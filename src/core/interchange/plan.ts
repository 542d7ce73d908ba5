import { problemsOf } from "../config/problems";
import { type ProviderConfig, providerSchema } from "../config/schema";
import { freeLabel, originOf } from "../credentials/stored";
import { baseUrlFault } from "../providers/baseUrl";
import { cleanPastedKey, foreignKeyOwner } from "../providers/pastedKey";
import type {
  CredentialEntry,
  Found,
  FoundProvider,
  ImportedProvider,
  ImportedSecret,
  ImportPlan,
  Skipped,
} from "./imported";
import { mayHoldKey } from "./secretHeader";

/** A provider that is there already. */
export interface Existing {
  readonly id: string;
  readonly type?: unknown;
  readonly baseUrl?: unknown;
}

/**
 * Makes what was found ready to be added: ids that are free, keys that are clean, entries that the schema takes.
 * Nothing that is there is touched.
 */
export function importPlan(found: Found, existing: readonly Existing[]): ImportPlan {
  const providers: ImportedProvider[] = [];
  const skipped: Skipped[] = [...found.skipped];
  const taken = new Set(existing.map(({ id }) => id));
  for (const provider of found.providers) {
    const id = freeId(provider.id, taken);
    const prepared = prepare(provider, id, existing);
    if (typeof prepared === "string") skipped.push({ what: provider.at, why: prepared });
    else {
      taken.add(id);
      providers.push(prepared);
    }
  }
  return { providers, skipped };
}

/** @returns why it cannot be added */
function prepare(
  provider: FoundProvider,
  id: string,
  existing: readonly Existing[],
): ImportedProvider | string {
  const { type, wireApi, baseUrl, apiVersion, name } = provider;
  const fault = baseUrlFault({ type, baseUrl });
  if (fault !== null) return `its address ${fault}`;
  const notes = [...provider.notes];
  const { credentials, secrets } = credentialsOf(provider, notes);
  const headers = headersOf(provider, notes);
  const stored = credentials.some(({ kind }) => kind === "stored");
  const only = credentials.length === 1 ? credentials[0] : undefined;
  const entry = {
    id,
    ...(name !== undefined && name.trim() !== "" && name !== id ? { name: name.trim().slice(0, 100) } : {}),
    type,
    ...(wireApi === "responses" ? { wireApi } : {}),
    baseUrl,
    ...(provider.authHeader === undefined ? {} : { authHeader: provider.authHeader }),
    ...(apiVersion === undefined ? {} : { azure: { apiVersion } }),
    // Keys in the storage are used by themselves, and one variable is written as everybody writes it.
    ...(only?.kind === "env" && only.as === "apiKey" ? { apiKey: `\${env:${only.name}}` } : {}),
    ...(only?.kind === "env" && only.as === "bearerToken" ? { bearerToken: `\${env:${only.name}}` } : {}),
    ...(credentials.length > 1 && credentials.some(({ kind }) => kind === "env") ? { credentials } : {}),
    ...(headers === undefined ? {} : { headers }),
    ...(provider.models === undefined || provider.models.length === 0
      ? {}
      : { models: uniqueModels(provider.models) }),
  };
  const parsed = providerSchema.safeParse(entry, { reportInput: true });
  if (!parsed.success) {
    const [problem] = problemsOf(parsed.error);
    return `it is not one that could be used: ${problem?.path} ${problem?.message}`;
  }
  const foreign = secrets.map(({ value }) => foreignKeyOwner(value, parsed.data)).find(Boolean);
  const there = existing.find((other) => isSame(other, parsed.data));
  return {
    at: provider.at,
    entry,
    secrets,
    variables: credentials.flatMap((credential) => (credential.kind === "env" ? [credential.name] : [])),
    notes,
    ...(there ? { alreadyThere: there.id } : {}),
    ...(foreign === undefined || !stored ? {} : { foreignKey: foreign }),
  };
}

function credentialsOf(
  { keys }: FoundProvider,
  notes: string[],
): { credentials: CredentialEntry[]; secrets: ImportedSecret[] } {
  const credentials: CredentialEntry[] = [];
  const secrets: ImportedSecret[] = [];
  for (const key of keys) {
    const as = key.as ?? "apiKey";
    if (key.kind === "variable") {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key.name)) notes.push("a variable's name is none");
      else if (!credentials.some((other) => other.kind === "env" && other.name === key.name))
        credentials.push({ kind: "env", name: key.name, as });
      continue;
    }
    const cleaned = cleanPastedKey(key.value);
    if (!cleaned.ok) {
      notes.push(`its key is left out: ${cleaned.fault}`);
      continue;
    }
    if (secrets.some(({ value }) => value === cleaned.key)) continue;
    const wanted = as === "apiKey" ? "key" : "token";
    const label = freeLabel(
      wanted,
      secrets.map((secret) => secret.label),
    );
    secrets.push({ label, kind: as, value: cleaned.key });
    credentials.push({ kind: "stored", label });
  }
  return { credentials, secrets };
}

/** A key in a header must not come into the settings. */
function headersOf({ headers }: FoundProvider, notes: string[]): Record<string, string> | undefined {
  const kept = Object.entries(headers ?? {}).filter(([name, value]) => {
    const safe = !mayHoldKey(name, value);
    if (!safe) notes.push(`the header ${name} is left out, because it may hold a key`);
    return safe;
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function uniqueModels(models: FoundProvider["models"]) {
  return [...new Map((models ?? []).map((model) => [model.id, model])).values()];
}

function isSame(other: Existing, provider: ProviderConfig): boolean {
  return (
    other.type === provider.type &&
    originOf(other.baseUrl) === originOf(provider.baseUrl) &&
    pathOf(other.baseUrl) === pathOf(provider.baseUrl)
  );
}

function pathOf(baseUrl: unknown): string | undefined {
  if (typeof baseUrl !== "string" || !URL.canParse(baseUrl)) return undefined;
  return new URL(baseUrl).pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
}

/** An id that the schema takes and nobody has: `My Gateway` becomes `my-gateway`, then `my-gateway-2`. */
function freeId(wanted: string, taken: ReadonlySet<string>): string {
  const slug = wanted
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, 56);
  const base = slug === "" ? "provider" : slug;
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}-${number}`)) number++;
  return `${base}-${number}`;
}
