import type { CertificateState } from "../facts";
import type { Remedy } from "../finding";
import { environmentChecks } from "./environmentChecks";
import type {
  DiagnosisInputs,
  EngineInput,
  GatewayInput,
  NetworkInput,
  PortOwner,
  Surroundings,
} from "./inputs";
import { providerChecks } from "./providerChecks";

export const AREAS = ["Engine", "Gateway", "Providers", "Network", "Environment", "Settings"] as const;
export type Area = (typeof AREAS)[number];

/** One thing that was looked at. */
export interface Check {
  readonly area: Area;
  /** warning: works, but may surprise. problem: does not work. */
  readonly level: "ok" | "info" | "warning" | "problem";
  /** One line: what was found, and what to do about it. */
  readonly text: string;
  readonly remedies: readonly Remedy[];
  /** The provider that it is about. */
  readonly provider?: { readonly id: string; readonly index: number };
}

const SHOW_LOG: Remedy = { kind: "runCommand", label: "Show Log", command: "postern.showLog" };
const START: Remedy = { kind: "runCommand", label: "Start Gateway", command: "postern.startGateway" };
const RESTART: Remedy = { kind: "runCommand", label: "Restart Gateway", command: "postern.restartGateway" };
const NEW_KEY: Remedy = { kind: "runCommand", label: "New Gateway Key", command: "postern.newGatewayKey" };
const SETTINGS: Remedy = { kind: "openSettings", query: "postern" };

export function check(
  area: Area,
  level: Check["level"],
  text: string,
  ...remedies: readonly Remedy[]
): Check {
  return { area, level, text, remedies };
}

/** Everything that was looked at, in the order of the areas. */
export function checksOf(inputs: DiagnosisInputs): readonly Check[] {
  const { engine, gateway, gatewayKeys, settingsProblems } = inputs;
  return [
    ...engineChecks(engine, inputs.surroundings),
    ...gatewayChecks(gateway),
    ...keyChecks(gatewayKeys),
    ...providerChecks(inputs.providers),
    ...clockChecks(inputs),
    ...networkChecks(inputs.network, engine),
    ...environmentChecks(inputs.environment, urlOf(gateway)),
    ...settingsProblems.map(({ path, message }) =>
      check("Settings", "problem", `${path} ${message}.`, SETTINGS),
    ),
    ...(settingsProblems.length === 0 ? [check("Settings", "ok", "No faults.")] : []),
  ];
}

function engineChecks(engine: EngineInput, { postern }: Surroundings): Check[] {
  if (engine.kind === "absent")
    return [check("Engine", "problem", `It does not run: ${engine.why}`, SHOW_LOG)];
  const { version, pid, node, uptimeSeconds, running } = engine.facts;
  const minutes = Math.floor(uptimeSeconds / 60);
  const text = `Runs for ${minutes} min as process ${pid} on Node ${node}; ${running} requests running.`;
  if (version === postern) return [check("Engine", "ok", text)];
  const reload: Remedy = {
    kind: "runCommand",
    label: "Reload Window",
    command: "workbench.action.reloadWindow",
  };
  const other = `Its version ${version} is not the extension's, ${postern}. Reload the window.`;
  return [check("Engine", "ok", text), check("Engine", "warning", other, reload)];
}

function gatewayChecks(gateway: GatewayInput): Check[] {
  switch (gateway.kind) {
    case "stopped":
      return [
        check("Gateway", "info", "It is stopped; tools cannot reach it. Start it when they should.", START),
      ];
    case "keyless":
      return [
        check(
          "Gateway",
          "problem",
          `It listens on ${gateway.url}, and no gateway key is accepted. Make one.`,
          NEW_KEY,
        ),
      ];
    case "answered": {
      const { url, status, latencyMs, withKey } = gateway;
      if (status === 200) {
        const to = withKey ? "to a gateway key" : "(no gateway key is known here as a whole to ask it with)";
        return [check("Gateway", "ok", `Answers on ${url} ${to}, over real HTTP, in ${latencyMs} ms.`)];
      }
      const text = `It answers on ${url} with HTTP ${status} to its own gateway key. Restart it; if it stays so, another program may answer there.`;
      return [check("Gateway", "problem", text, RESTART, SHOW_LOG)];
    }
    case "silent": {
      const text = `It should listen on ${gateway.url}, but cannot be reached there (${gateway.code}). A firewall may be in the way; restart it.`;
      return [check("Gateway", "problem", text, RESTART, SHOW_LOG)];
    }
    case "failed": {
      const { code, message, port, owner } = gateway;
      if (code !== "port_in_use")
        return [check("Gateway", "problem", `It could not start: ${message}`, SETTINGS, SHOW_LOG)];
      const text = `Port ${port} is taken by ${ownerText(owner)}. End that, or choose another port in postern.gateway.port.`;
      return [
        check("Gateway", "problem", text, { kind: "openSettings", query: "postern.gateway.port" }, START),
      ];
    }
  }
}

function ownerText(owner: PortOwner | undefined): string {
  const process = owner?.process ? `${owner.process.name}, process ${owner.process.pid}` : undefined;
  if (owner?.posternVersion !== undefined) {
    const which = process === undefined ? "" : ` (${process})`;
    return `another gateway of Postern, version ${owner.posternVersion}${which}, of another profile, VS Code or user`;
  }
  return process ?? "another program";
}

function keyChecks(keys: DiagnosisInputs["gatewayKeys"]): Check[] {
  const faults = keys.flatMap(({ name, fault }) =>
    fault === undefined || fault === "disabled"
      ? []
      : [check("Gateway", "problem", `Gateway key "${name}" is not accepted: ${fault}.`, SETTINGS)],
  );
  const good = keys.filter(({ fault }) => fault === undefined).length;
  return [
    check("Gateway", "info", `${good} gateway ${good === 1 ? "key is" : "keys are"} accepted.`),
    ...faults,
  ];
}

/** A clock that is off by more breaks sign-ins and certificates. */
const CLOCK_SECONDS = 120;

/** One provider's clock may be wrong; this machine's is, if all say so. */
function clockChecks({ providers }: DiagnosisInputs): Check[] {
  const offs = providers.flatMap((provider) =>
    provider.kind === "usable" && provider.test?.clockAheadSeconds !== undefined
      ? [provider.test.clockAheadSeconds]
      : [],
  );
  const least = offs.reduce((one, other) => (Math.abs(other) < Math.abs(one) ? other : one), offs[0] ?? 0);
  if (offs.length === 0) return [];
  if (Math.abs(least) <= CLOCK_SECONDS)
    return [check("Network", "ok", "This machine's clock agrees with the providers'.")];
  const minutes = Math.round(Math.abs(least) / 60);
  const text = `This machine's clock is ${minutes} min ${least > 0 ? "behind" : "ahead of"} the providers'. Set it: tokens and certificates are refused otherwise.`;
  return [check("Network", "problem", text)];
}

function networkChecks(network: NetworkInput, engine: EngineInput): Check[] {
  const checks = [proxyCheck(network)];
  if (!network.strictSsl) {
    const text =
      "VS Code's http.proxyStrictSSL is off. Postern checks certificates all the same; a company's CA belongs into the system's store or NODE_EXTRA_CA_CERTS.";
    checks.push(check("Network", "info", text, { kind: "openSettings", query: "http.proxyStrictSSL" }));
  }
  if (engine.kind === "running")
    checks.push(...certificateChecks(engine.facts.certificates, engine.facts.node));
  return checks;
}

function proxyCheck({ proxyFrom, proxyOff, bypassed }: NetworkInput): Check {
  const button: Remedy = { kind: "openSettings", query: "http.proxy" };
  if (proxyOff)
    return check("Network", "info", "VS Code's http.proxySupport is off, so no proxy is used.", button);
  if (proxyFrom === undefined)
    return check("Network", "ok", "Providers are asked directly, without a proxy.");
  const from = proxyFrom === "settings" ? "VS Code's http.proxy" : "the environment";
  const but = bypassed === 0 ? "" : `, but for ${bypassed} named ${bypassed === 1 ? "host" : "hosts"}`;
  return check("Network", "info", `Providers are asked through the proxy of ${from}${but}.`, button);
}

function certificateChecks({ system, systemCount, extra }: CertificateState, node: string): Check[] {
  const button: Remedy = { kind: "openSettings", query: "http.systemCertificates" };
  const text: Record<CertificateState["system"], string> = {
    used: `Trusted are Node's own CAs and the ${systemCount} of the system's store.`,
    off: "The system's certificate store is not used, since VS Code's http.systemCertificates is off.",
    unavailable: `Node ${node} cannot read the system's certificate store; a company's CA must be named in NODE_EXTRA_CA_CERTS.`,
    failed:
      "The system's certificate store could not be read; a company's CA must be named in NODE_EXTRA_CA_CERTS.",
  };
  const level = system === "used" ? "ok" : system === "failed" ? "warning" : "info";
  const checks = [check("Network", level, text[system], ...(system === "used" ? [] : [button]))];
  if (extra === "used") checks.push(check("Network", "ok", "NODE_EXTRA_CA_CERTS is used too."));
  if (extra === "unreadable") {
    const gone =
      "NODE_EXTRA_CA_CERTS names a file that is not there, so its CAs are not trusted. Correct it and start VS Code anew.";
    checks.push(check("Network", "problem", gone));
  }
  return checks;
}

function urlOf(gateway: GatewayInput): string | undefined {
  return "url" in gateway ? gateway.url : undefined;
}
