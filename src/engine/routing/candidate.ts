import type { EngineProvider, LabelledCredential } from "../../core/config/engineConfig";
import type { Target } from "../relay/target";

/** One of the targets that a request may go to. */
export interface Candidate {
  /** `provider/model`: what its health is kept under. */
  readonly key: string;
  readonly weight: number;
  readonly target: Target;
}

/** The label of a provider's only credential. */
export const ONLY = "default";

/** Every credential of a target's provider, in the order of the configuration. */
export function credentialsOf({ provider }: Target): readonly (LabelledCredential | undefined)[] {
  return provider.pool && provider.pool.length > 0 ? provider.pool : [undefined];
}

/** What a provider's credentials are called. */
export function labelsOf({ pool = [] }: Pick<EngineProvider, "pool">): readonly string[] {
  return pool.length === 0 ? [ONLY] : pool.map(({ label }) => label);
}

/** The target with one credential of its pool in place of the first. */
export function withCredential(target: Target, credential: LabelledCredential | undefined): Target {
  if (!credential || credential.credential === target.provider.credential) return target;
  return { ...target, provider: { ...target.provider, credential: credential.credential } };
}

/** What a credential's health is kept under. */
export function credentialKey({ provider }: Target, label: string): string {
  return `${provider.config.id}#${label}`;
}
