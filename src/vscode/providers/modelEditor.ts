import {
  addModel,
  fieldsOf,
  type ModelPatch,
  modelEntry,
  patchModel,
  type RawProvider,
  removeModel,
} from "../settings/modelEdits";
import type { ProviderRegistry, ProviderTarget } from "./registry";

/** A model of a provider in the settings. */
export interface ModelOf {
  readonly provider: ProviderTarget;
  readonly id: string;
}

/** Changes what the settings say of models. */
export class ModelEditor {
  constructor(private readonly registry: Pick<ProviderRegistry, "raw" | "patch">) {}

  /** What the person has said of a model. */
  fields({ provider, id }: ModelOf, names: readonly string[]): ModelPatch {
    return fieldsOf(this.registry.raw(provider), id, names);
  }

  /**
   * Changes models, each provider's at once.
   * @returns puts back what was changed, and nothing else that has been changed since
   */
  async patch(models: readonly ModelOf[], patch: ModelPatch): Promise<() => Promise<void>> {
    const before = models.map((model) => this.fields(model, Object.keys(patch)));
    await this.patchEach(models, () => patch);
    return () => this.patchEach(models, (index) => before[index] ?? {});
  }

  /** @returns takes the model away again */
  async add(provider: ProviderTarget, model: { readonly id: string }): Promise<() => Promise<void>> {
    await this.registry.patch(provider, addModel(this.registry.raw(provider), model));
    return async () => {
      await this.remove({ provider, id: model.id });
    };
  }

  /** @returns brings the model back, with all that was said of it */
  async remove({ provider, id }: ModelOf): Promise<() => Promise<void>> {
    const raw = this.registry.raw(provider);
    const before = modelEntry(raw, id);
    await this.registry.patch(provider, removeModel(raw, id));
    return async () => {
      const now = this.registry.raw(provider);
      const added = { ...now, ...addModel(now, before.entry) };
      const after = { ...added, ...patchModel(added, id, before.override) };
      await this.registry.patch(provider, modelFields(after));
    };
  }

  private async patchEach(models: readonly ModelOf[], patchOf: (index: number) => ModelPatch): Promise<void> {
    const providers = new Map(models.map(({ provider }) => [`${provider.index} ${provider.id}`, provider]));
    for (const [key, provider] of providers) {
      const before = this.registry.raw(provider);
      let after = before;
      models.forEach((model, index) => {
        if (`${model.provider.index} ${model.provider.id}` !== key) return;
        after = { ...after, ...patchModel(after, model.id, patchOf(index)) };
      });
      await this.registry.patch(provider, modelFields(after));
    }
  }
}

/** The fields that say something of models. */
function modelFields(provider: RawProvider): ModelPatch {
  return Object.fromEntries(
    (["models", "extraModels", "modelOverrides"] as const).map((name) => [name, provider[name]]),
  );
}
