import type { Target } from "../common/target";
import type { ProviderRegistry, ProviderTarget } from "../providers/registry";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import { nameOf, pickProvider } from "./pickProvider";
import type { CommandHandlers } from "./register";

/** Up and down for those who do not drag. The row that is selected is moved, or the one that the person picks. */
export function moveProviderCommands(
  store: StateStore,
  registry: Pick<ProviderRegistry, "move">,
): Pick<CommandHandlers, "postern.moveProviderUp" | "postern.moveProviderDown"> {
  const move =
    (title: string, by: -1 | 1) =>
    async (target: Target | undefined, selected: readonly Target[] = []): Promise<void> => {
      const inTree = target ?? selected.find(({ kind }) => kind === "provider");
      const chosen = await pickProvider(inTree, store.value, { title });
      if (!chosen) return;
      const { providers } = store.value.local;
      const at = providers.findIndex(({ id, index }) => id === chosen.id && index === chosen.index);
      const neighbour = at < 0 ? undefined : providers[at + by];
      if (neighbour) await registry.move(chosen, providerTarget(neighbour));
      else notify("info", `${nameOf(store.value, chosen)} is the ${by < 0 ? "first" : "last"} already.`);
    };
  return {
    "postern.moveProviderUp": move("Move Provider Up", -1),
    "postern.moveProviderDown": move("Move Provider Down", 1),
  };
}

function providerTarget({ id, index }: { readonly id: string; readonly index: number }): ProviderTarget {
  return { kind: "provider", id, index };
}
