import type { CheckedBudget } from "../core/config/budgets";
import type { ConfigProblem } from "../core/config/problems";
import type { CheckedRoute } from "../core/config/routes";
import type { GatewayKeyConfig, ProviderType } from "../core/config/schema";
import type { MissingBecause, ResolvedCredential } from "../core/credentials/resolve";
import type { WireProtocol } from "../core/protocols/wire";
import type { RuntimeId } from "../core/providers/runtimes";
import { Emitter } from "./common/emitter";
import type { EngineState } from "./engine/state";
import type { TerminalTool } from "./terminal/tools";

/** Whether a provider has what it is authenticated with, and from where. Never the key itself. */
export type KeyPresence =
  | { readonly kind: "stored" }
  | { readonly kind: "environment" }
  | { readonly kind: "command" | "entra" | "github" }
  | { readonly kind: "notNeeded" }
  | { readonly kind: "missing"; readonly reason: string };

/** One of a provider's credentials, without its value. */
export interface CredentialEntry {
  readonly label: string;
  readonly source: ResolvedCredential["source"];
  /** Place in the provider's list of credentials, where it has one. */
  readonly place?: number;
  readonly usable: boolean;
  /** Why it cannot be used. */
  readonly reason?: string;
  readonly why?: MissingBecause;
  /** When it ends, in milliseconds since the epoch, where that is known. */
  readonly expiresAt?: number;
}

interface EntryBase {
  /** Place in the setting `postern.providers`. */
  readonly index: number;
  readonly id: string;
}

/** A provider as this window's settings and secrets have it. */
export type ProviderEntry =
  | (EntryBase & {
      readonly faulty: false;
      readonly name: string;
      readonly type: ProviderType;
      readonly baseUrl: string;
      /** The APIs it is spoken to in, the preferred one first. */
      readonly protocols: readonly WireProtocol[];
      readonly enabled: boolean;
      readonly key: KeyPresence;
      /** Whether the secret storage holds a key for it, even if another one is used. */
      readonly stored: boolean;
      /** In the order in which they are used. */
      readonly credentials: readonly CredentialEntry[];
      /** The local runtime that it follows. */
      readonly runtime?: RuntimeId;
    })
  | (EntryBase & { readonly faulty: true; readonly problems: readonly ConfigProblem[] });

export type UsableEntry = Extract<ProviderEntry, { faulty: false }>;

/** What a gateway key is limited by, as the settings have it. */
export type GatewayKeyLimits = Pick<
  GatewayKeyConfig,
  "models" | "budget" | "requestsPerMinute" | "tokensPerMinute" | "labels"
>;

export interface GatewayKeyEntry {
  readonly name: string;
  /** The first and last characters; empty where there is no key. */
  readonly masked: string;
  /**
   * settings: by its hash. environment: from a variable that the settings name. workspace: of a folder's terminals.
   * stored: of an earlier version, whole in the secret storage.
   */
  readonly source: "settings" | "environment" | "workspace" | "stored";
  /** Why it cannot be used. */
  readonly fault?: string;
  readonly disabled?: boolean;
  /** From when on it is not accepted, in milliseconds since the epoch. */
  readonly expiresAt?: number;
  /** Whether the key itself can be had here. */
  readonly copyable: boolean;
  readonly limits?: GatewayKeyLimits;
  /** The workspace folder. */
  readonly folder?: string;
}

/** What settings and secrets say. Known without the engine, so the trees always have something true to show. */
export interface LocalState {
  readonly providers: readonly ProviderEntry[];
  readonly gatewayKeys: readonly GatewayKeyEntry[];
  readonly host: string;
  readonly port: number;
  readonly routes: readonly CheckedRoute[];
  readonly budgets: readonly CheckedBudget[];
  /** Which limit the status bar is to show: its id, `tightest`, or `none`. */
  readonly statusBarLimit: string;
  /** Whether it shows percent or what is left in its own unit. */
  readonly statusBarForm: "percent" | "amount";
  /** For which tools terminals are given a gateway key. */
  readonly terminalTools: readonly TerminalTool[];
  readonly problems: readonly ConfigProblem[];
}

/** All that views render. */
export interface PosternState {
  readonly local: LocalState;
  readonly engine: EngineState;
}

/** Before the settings have been read. */
export const EMPTY_STATE: PosternState = {
  local: {
    providers: [],
    gatewayKeys: [],
    host: "127.0.0.1",
    port: 4141,
    routes: [],
    budgets: [],
    statusBarLimit: "tightest",
    statusBarForm: "amount",
    terminalTools: [],
    problems: [],
  },
  engine: { kind: "idle" },
};

/** Holds the state and tells when it changes. */
export class StateStore {
  private current: PosternState;
  private readonly changed = new Emitter<PosternState>();
  readonly onDidChange = this.changed.event;

  constructor(initial: PosternState) {
    this.current = initial;
  }

  get value(): PosternState {
    return this.current;
  }

  update(part: Partial<PosternState>): void {
    this.current = { ...this.current, ...part };
    this.changed.fire(this.current);
  }

  dispose(): void {
    this.changed.dispose();
  }
}
