import type { EngineStatus } from "../../core/rpc/contract";

/**
 * What this window knows of the engine. A status is there only while the engine is connected, so that nothing can show
 * a stale one.
 * idle: none runs and none is needed yet. outdated: a newer version runs and the window has to be reloaded.
 */
export type EngineState =
  | { readonly kind: "idle" }
  | { readonly kind: "starting" }
  | { readonly kind: "ready"; readonly status: EngineStatus }
  | { readonly kind: "restarting" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "outdated" };
