import { Turns } from "../../core/turns";
import type { Target } from "../common/target";
import type { ProviderRegistry } from "../providers/registry";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import { nameOf, pickProvider } from "./pickProvider";
import type { CommandHandlers } from "./register";

/** Up and down for those who do not drag. The row that is selected is moved, or the one that the person picks. */
export function moveProviderCommands(
  store: StateStore,
  registry: Pick<ProviderRegistry, "step">,
): Pick<CommandHandlers, "postern.moveProviderUp" | "postern.moveProviderDown"> {
  // A key that is held down asks for the next step before the one before is written.
  const turns = new Turns();
  const move =
    (title: string, by: -1 | 1) =>
    async (target: Target | undefined, selected: readonly Target[] = []): Promise<void> => {
      const inTree = target ?? selected.find(({ kind }) => kind === "provider");
      const chosen = await pickProvider(inTree, store.value, { title });
      if (!chosen) return;
      if (await turns.take(() => registry.step(chosen, by))) return;
      notify("info", `${nameOf(store.value, chosen)} is the ${by < 0 ? "first" : "last"} already.`);
    };
  return {
    "postern.moveProviderUp": move("Move Provider Up", -1),
    "postern.moveProviderDown": move("Move Provider Down", 1),
  };
}
