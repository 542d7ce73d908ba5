import type { EngineStatus } from "../../core/rpc/contract";
import type { Disposable } from "../common/disposables";
import { Emitter } from "../common/emitter";
import { type Log, messageOf } from "../common/log";
import { type ChatModel, chatModels } from "../render/chatModel";
import type { PosternState, StateStore, UsableEntry } from "../state";

/** How long models are waited for that are just being asked for; later ones are told when they come. */
const PATIENCE_MS = 3000;

/** The models in Chat's picker: those of the enabled providers of this window's settings, as the engine knows them. */
export class ChatModels implements Disposable {
  private readonly changed = new Emitter<void>();
  /** The list has become another one since it was asked for. */
  readonly onDidChange = this.changed.event;
  private readonly following: Disposable;
  /** Outlives an engine, so that the picker is not emptied while another comes up. */
  private status: EngineStatus | undefined;
  private told: string | undefined;

  /**
   * @param wake starts the engine if need be
   * @param ready resolves once the settings have been read
   */
  constructor(
    private readonly store: StateStore,
    private readonly wake: () => Promise<unknown>,
    private readonly ready: Promise<void>,
    private readonly log: Log,
  ) {
    this.take(store.value);
    this.following = store.onDidChange((state) => this.follow(state));
  }

  /** Asks for the list; VS Code does so when Chat wants it, and whenever it was told of a change. */
  async list(): Promise<readonly ChatModel[]> {
    await this.ready;
    const wanted = this.providers().length > 0;
    if (wanted && this.store.value.engine.kind !== "ready") {
      await this.wake().catch((error: unknown) => {
        this.log.warn(`Chat has no new list of models: ${messageOf(error)}`);
      });
    }
    if (wanted) await this.settled();
    this.take(this.store.value);
    this.told = this.signature();
    return this.current();
  }

  dispose(): void {
    this.following.dispose();
    this.changed.dispose();
  }

  private follow(state: PosternState): void {
    this.take(state);
    const signature = this.signature();
    // Nobody has asked yet, or nothing has become different.
    if (this.told === undefined || this.told === signature) return;
    this.told = signature;
    this.changed.fire();
  }

  /** A provider more is a change, though its models are not known before an engine is started for the next list. */
  private signature(): string {
    return JSON.stringify([this.providers().map(({ id }) => id), this.current()]);
  }

  private take({ engine }: PosternState): void {
    if (engine.kind === "ready") this.status = engine.status;
  }

  private current(): readonly ChatModel[] {
    return this.providers().flatMap(({ id, name, type, baseUrl, protocols: [protocol] }) => {
      const found = this.status?.providers.find((provider) => provider.id === id);
      if (!found || !protocol) return [];
      return chatModels(found.models, { id, name, type, baseUrl, protocol });
    });
  }

  private providers(): readonly UsableEntry[] {
    return this.store.value.local.providers.filter(
      (entry): entry is UsableEntry => !entry.faulty && entry.enabled,
    );
  }

  /** An engine that was only just started is still asking the providers for their lists. */
  private settled(): Promise<void> {
    const asking = ({ engine }: PosternState): boolean =>
      engine.kind === "ready" && engine.status.providers.some(({ modelsFrom }) => modelsFrom === "pending");
    if (!asking(this.store.value)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        listening.dispose();
        resolve();
      };
      const timer = setTimeout(done, PATIENCE_MS);
      const listening = this.store.onDidChange((state) => {
        if (!asking(state)) done();
      });
    });
  }
}
