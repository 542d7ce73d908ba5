import { providerClassOf } from "../../core/governance/policy/providerClass";
import { knownPreset } from "../../core/providers/knownPreset";
import type { ProposableModel } from "../../core/routing/readyRoutes";
import type { EngineStatus } from "../../core/rpc/contract";
import type { PosternState } from "../state";

/** The models that ready routes may be proposed from: those of providers that are used, without the hidden ones. */
export function proposable({ local }: PosternState, status: EngineStatus): ProposableModel[] {
  return local.providers.flatMap((entry) => {
    if (entry.faulty || !entry.enabled || entry.key.kind === "missing") return [];
    const { models = [] } = status.providers.find(({ id }) => id === entry.id) ?? {};
    const where = {
      local: providerClassOf(entry.baseUrl, []) === "local",
      companyCloud: entry.type === "azure" || knownPreset(entry)?.group === "cloud",
    };
    return models.flatMap(({ id, facts, hidden }) =>
      hidden ? [] : [{ address: `${entry.id}/${id}`, facts, ...where }],
    );
  });
}
