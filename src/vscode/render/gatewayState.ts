import { isLoopbackHost } from "../../core/gateway/hostGuard";
import type { EngineState } from "../engine/state";
import type { LocalState } from "../state";

/** How a person is told of a gateway that other machines can reach. */
export const OPEN = "open to the network";

/** The gateway's state as this window may tell it. busy: the engine comes up, nothing is known. */
export type GatewayView =
  | {
      readonly kind: "running";
      readonly url: string;
      readonly port: number;
      readonly keys: number;
      /** Other machines can reach it. */
      readonly open: boolean;
    }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "busy"; readonly text: string };

/** Reads the gateway's state off the engine's. */
export function gatewayView(engine: EngineState): GatewayView {
  switch (engine.kind) {
    case "idle":
      return { kind: "stopped" };
    case "starting":
      return { kind: "busy", text: "starting…" };
    case "restarting":
      return { kind: "busy", text: "restarting…" };
    case "failed":
      return { kind: "failed", message: engine.message };
    case "outdated":
      return { kind: "failed", message: "Reload the window to update Postern." };
    case "ready":
      break;
  }
  const { gateway, gatewayKeys } = engine.status;
  if (gateway.state === "running") {
    const { url, port, host } = gateway;
    return { kind: "running", url, port, keys: gatewayKeys, open: !isLoopbackHost(host) };
  }
  return gateway.state === "failed" ? { kind: "failed", message: gateway.message } : { kind: "stopped" };
}

/** The address the gateway has, or will have once it runs. */
export function gatewayUrl(engine: EngineState, local: Pick<LocalState, "host" | "port">): string {
  const view = gatewayView(engine);
  if (view.kind === "running") return view.url;
  const bare = local.host.replace(/^\[|\]$/g, "");
  // They are no address to connect to everywhere; not on Windows.
  const host = bare === "0.0.0.0" || bare === "::" ? "127.0.0.1" : bare;
  return `http://${host.includes(":") ? `[${host}]` : host}:${local.port}`;
}
