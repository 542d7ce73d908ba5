import type { Target } from "../common/target";
import type { ProviderTarget } from "../providers/registry";
import { providerStanding } from "../render/providerState";
import type { PosternState, ProviderEntry } from "../state";
import { notify } from "../ui/notify";
import { pickStep } from "../ui/steps";

/** Which providers a command is for, and what to say when there is none. */
export interface ProviderFilter {
  readonly title: string;
  readonly fits?: (entry: ProviderEntry) => boolean;
  readonly none?: string;
}

/** The provider a command is called on, or else the one that the person picks. */
export async function pickProvider(
  target: Target | undefined,
  state: PosternState,
  filter: ProviderFilter,
): Promise<ProviderTarget | undefined> {
  if (target?.kind === "provider") return target;
  if (target?.kind === "credential") return { kind: "provider", id: target.id, index: target.index };
  const entries = state.local.providers.filter(filter.fits ?? (() => true));
  if (entries.length === 0) {
    const none = state.local.providers.length === 0 ? "There are no providers yet." : filter.none;
    notify("info", none ?? "There is no provider that this could be done with.");
    return undefined;
  }
  const choices = entries.map((entry) => ({
    label: entry.faulty ? entry.id : entry.name,
    description: providerStanding(entry, state.engine).text,
    value: entry,
  }));
  const answer = await pickStep({ title: filter.title, placeholder: "Which provider?", choices });
  if (answer.kind !== "answer") return undefined;
  return { kind: "provider", id: answer.value.id, index: answer.value.index };
}

/** The state's entry for a target. */
export function entryOf(state: PosternState, target: ProviderTarget): ProviderEntry | undefined {
  const { providers } = state.local;
  return (
    providers.find(({ id, index }) => id === target.id && index === target.index) ??
    providers.find(({ id }) => id === target.id)
  );
}

/** The name to call a target by. */
export function nameOf(state: PosternState, target: ProviderTarget): string {
  const entry = entryOf(state, target);
  return entry && !entry.faulty ? entry.name : target.id;
}
