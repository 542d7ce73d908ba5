import type { EngineStatus, ModelStatus, ProviderStatus } from "./contract";

/** A provider's status, whose models are absent where they are those that the window was told last. */
export type ProviderStatusChange = Omit<ProviderStatus, "models"> & Partial<Pick<ProviderStatus, "models">>;

/**
 * A status as it is told to a window: hundreds of models, which hardly ever change, are not sent with each request
 * that begins or ends.
 */
export type StatusChange = Omit<EngineStatus, "providers"> & {
  readonly providers: readonly ProviderStatusChange[];
};

/** The models that one window has been told. The same array is the same models. */
export class ToldModels {
  private told = new Map<string, readonly ModelStatus[]>();

  /** @returns what has to be told to the window, which counts as told from now on */
  changeTo(status: EngineStatus): StatusChange {
    const before = this.told;
    this.told = new Map(status.providers.map(({ id, models }) => [id, models]));
    const providers = status.providers.map(({ models, ...rest }) =>
      before.get(rest.id) === models ? rest : { ...rest, models },
    );
    return { ...status, providers };
  }
}

/** The other end: what a window knows of the models. What did not change stays the same array. */
export class KnownModels {
  private known = new Map<string, readonly ModelStatus[]>();

  /** @returns the whole status */
  take(change: StatusChange): EngineStatus {
    const before = this.known;
    const providers = change.providers.map((provider) => ({
      ...provider,
      models: provider.models ?? before.get(provider.id) ?? [],
    }));
    this.known = new Map(providers.map(({ id, models }) => [id, models]));
    return { ...change, providers };
  }
}
