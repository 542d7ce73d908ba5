import type { EngineStatus, ModelStatus, RouteTargetStatus } from "../../core/rpc/contract";
import type { Disposable } from "../common/disposables";
import { Emitter } from "../common/emitter";
import { type Log, messageOf } from "../common/log";
import {
  type ChatModel,
  type ChatProvider,
  chatModels,
  chatRoute,
  type RouteChoice,
} from "../render/chatModel";
import type { PosternState, StateStore, UsableEntry } from "../state";
import type { ModelMemory, Remembered } from "./modelMemory";

/** How long models are waited for that are just being asked for; later ones are told when they come. */
const PATIENCE_MS = 3000;

/**
 * The models in Chat's picker: those of the enabled providers of this window's settings. VS Code asks for them once
 * it is told of a change, at every start of a window; no engine is started for models that are remembered.
 */
export class ChatModels implements Disposable {
  private readonly changed = new Emitter<void>();
  /** The list has become another one since it was asked for, or is there for the first time. */
  readonly onDidChange = this.changed.event;
  private readonly following: Disposable;
  private readonly loaded: Promise<void>;
  /** Outlives an engine, so that the picker is not emptied while another comes up. */
  private status: EngineStatus | undefined;
  private remembered: Remembered = {};
  private told: string | undefined;
  private seen: readonly unknown[] = [];

  /**
   * @param wake starts the engine if need be
   * @param ready resolves once the settings have been read
   */
  constructor(
    private readonly store: StateStore,
    private readonly wake: () => Promise<unknown>,
    ready: Promise<void>,
    private readonly memory: ModelMemory,
    private readonly log: Log,
  ) {
    this.take(store.value);
    this.following = store.onDidChange((state) => this.follow(state));
    this.loaded = ready.then(async () => {
      this.remembered = await memory.load();
      this.told ??= EMPTY;
      this.take(this.store.value);
      this.tell();
    });
  }

  /** Asks for the list; VS Code does so when Chat wants it, and whenever it was told of a change. */
  async list(): Promise<readonly ChatModel[]> {
    await this.loaded;
    if (this.providers().some((provider) => this.modelsOf(provider) === undefined)) {
      if (this.store.value.engine.kind !== "ready") await this.wakeEngine();
      await this.settled();
    }
    this.take(this.store.value);
    this.told = this.signature();
    return this.current();
  }

  dispose(): void {
    this.following.dispose();
    this.changed.dispose();
  }

  private async wakeEngine(): Promise<void> {
    try {
      await this.wake();
    } catch (error) {
      this.log.warn(`Chat has no new list of models: ${messageOf(error)}`);
    }
  }

  private follow(state: PosternState): void {
    // States come several times a second while requests run, and lists of models are long.
    if (!this.concerns(state)) return;
    this.take(state);
    this.tell();
  }

  /** Whether anything that the list of models is made of is another than in the state before. */
  private concerns({ local, engine }: PosternState): boolean {
    const now: unknown[] = [local, engine.kind];
    if (engine.kind === "ready") {
      for (const { id, models, modelsFrom } of engine.status.providers) now.push(id, models, modelsFrom);
      for (const { name, targets } of engine.status.routes) now.push(name, ...targets.map(asked));
    }
    const before = this.seen;
    this.seen = now;
    return now.length !== before.length || now.some((part, at) => part !== before[at]);
  }

  private tell(): void {
    const signature = this.signature();
    // Before the settings have been read there is nothing to tell.
    if (this.told === undefined || this.told === signature) return;
    this.told = signature;
    this.changed.fire();
  }

  private take({ engine }: PosternState): void {
    if (engine.kind !== "ready") return;
    this.status = engine.status;
    this.remember();
  }

  /** What the engine knows of the providers here is kept for the next window. */
  private remember(): void {
    const providers = this.providers();
    const known = providers.flatMap((provider): [string, Remembered[string]][] => {
      const models = this.modelsOf(provider);
      return models ? [[provider.id, { baseUrl: provider.baseUrl, models }]] : [];
    });
    const now: Remembered = Object.fromEntries(known);
    if (this.told === undefined || JSON.stringify(now) === JSON.stringify(this.remembered)) return;
    this.remembered = now;
    void this.memory.save(now);
  }

  /** A provider more is a change, though its models are not known before an engine is started for the next list. */
  private signature(): string {
    return JSON.stringify([this.providers().map(({ id }) => id), this.current()]);
  }

  private current(): readonly ChatModel[] {
    const served = this.providers().flatMap((entry) => {
      const provider = chatProvider(entry);
      return provider ? [{ provider, models: this.modelsOf(entry) ?? [] }] : [];
    });
    return [
      ...this.routes(served),
      ...served.flatMap(({ provider, models }) => chatModels(models, provider)),
    ];
  }

  /** Routes that have a name are models like any other. */
  private routes(served: readonly Served[]): readonly ChatModel[] {
    return this.store.value.local.routes.flatMap((checked) => {
      const name = checked.ok ? checked.route.name : undefined;
      if (!checked.ok || name === undefined) return [];
      const known = this.status?.routes.find((route) => route.name === name);
      const choices = checked.route.targets.flatMap(
        ({ model }, at) => choiceOf(known?.targets[at]?.servedBy ?? model, served) ?? [],
      );
      return chatRoute(name, choices) ?? [];
    });
  }

  /** As the engine knows them now, else as they were last known; undefined where nobody has asked yet. */
  private modelsOf({ id, baseUrl }: UsableEntry): readonly ModelStatus[] | undefined {
    const found = this.status?.providers.find((provider) => provider.id === id);
    if (found && (found.modelsFrom === "config" || found.modelsFrom === "provider")) return found.models;
    const remembered = Object.hasOwn(this.remembered, id) ? this.remembered[id] : undefined;
    if (remembered?.baseUrl === baseUrl) return remembered.models;
    return found?.modelsFrom === "unavailable" ? [] : undefined;
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

function asked({ model, servedBy }: RouteTargetStatus): string {
  return servedBy ?? model;
}

/** A provider with its models. */
interface Served {
  readonly provider: ChatProvider;
  readonly models: readonly ModelStatus[];
}

function chatProvider({ id, name, type, baseUrl, protocols }: UsableEntry): ChatProvider | undefined {
  const [protocol] = protocols;
  return protocol && { id, name, type, baseUrl, protocol };
}

/** The model that a route's target names: `provider/model`, or a bare id at the first provider that has it. */
function choiceOf(target: string, served: readonly Served[]): RouteChoice | undefined {
  for (const { provider, models } of served) {
    const model = models.find(({ id }) => target === id || target === `${provider.id}/${id}`);
    if (model) return { model, provider };
  }
  return undefined;
}

/** What VS Code has before it has asked. */
const EMPTY = JSON.stringify([[], []]);
