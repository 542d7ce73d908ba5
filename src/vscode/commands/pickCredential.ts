import type { Target } from "../common/target";
import type { ProviderTarget } from "../providers/registry";
import type { CredentialEntry, PosternState, UsableEntry } from "../state";
import { notify } from "../ui/notify";
import { pickStep } from "../ui/steps";
import { entryOf, pickProvider } from "./pickProvider";

/** One of a provider's credentials. */
export interface ChosenCredential {
  readonly provider: ProviderTarget;
  readonly entry: UsableEntry;
  readonly credential: CredentialEntry;
}

/** Which credentials a command is for, and what to say when there is none. */
export interface CredentialFilter {
  readonly title: string;
  readonly fits: (credential: CredentialEntry) => boolean;
  readonly none: string;
}

/** The credential a command is called on, or else the one that the person picks; the only one is not asked about. */
export async function pickCredential(
  target: Target | undefined,
  state: PosternState,
  { title, fits, none }: CredentialFilter,
): Promise<ChosenCredential | undefined> {
  const provider = await pickProvider(target, state, {
    title,
    none,
    fits: (entry) => !entry.faulty && entry.credentials.some(fits),
  });
  const entry = provider && entryOf(state, provider);
  if (!provider || !entry || entry.faulty) return undefined;
  const fitting = entry.credentials.filter(fits);
  if (target?.kind === "credential") {
    const credential = fitting.find(({ label }) => label === target.label);
    // Renamed or gone meanwhile: another one must not be taken for it.
    if (!credential) notify("info", `"${target.label}" is not there any more, or not one for this.`);
    return credential && { provider, entry, credential };
  }
  const credential = fitting.length > 1 ? await choose(title, fitting) : fitting[0];
  if (credential === undefined && fitting.length === 0) notify("info", none);
  return credential && { provider, entry, credential };
}

async function choose(
  title: string,
  credentials: readonly CredentialEntry[],
): Promise<CredentialEntry | undefined> {
  const choices = credentials.map((credential) => ({
    label: credential.label,
    ...(credential.reason === undefined ? {} : { description: credential.reason }),
    value: credential,
  }));
  const answer = await pickStep({ title, placeholder: "Which one?", choices });
  return answer.kind === "answer" ? answer.value : undefined;
}
