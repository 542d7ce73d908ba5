import type { Environment } from "../../config/reference";
import type { Check } from "./checks";

/** By which tools are sent to an address; where one names another than the gateway, they pass it by. */
const ADDRESSES = [
  "OPENAI_BASE_URL",
  "OPENAI_API_BASE",
  "ANTHROPIC_BASE_URL",
  "AZURE_OPENAI_ENDPOINT",
  "GOOGLE_GEMINI_BASE_URL",
  "COPILOT_PROVIDER_BASE_URL",
];
/** With one of these a tool asks the provider itself unless it is told otherwise. */
const KEYS = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GEMINI_API_KEY"];
/** By which Claude Code goes to a cloud, whatever address it is given. */
const DETOURS = ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"];
const LOOPBACK = ["127.0.0.1", "localhost"];

/**
 * What in the environment makes tools pass the gateway by. Values are not shown, but for the host of an address.
 * @param gatewayUrl where the gateway listens, if it does
 */
export function environmentChecks(
  environment: Environment,
  gatewayUrl: string | undefined,
): readonly Check[] {
  const line = (level: Check["level"], text: string): Check => ({
    area: "Environment",
    level,
    text,
    remedies: [],
  });
  const found = [
    ...ADDRESSES.flatMap((name) => {
      const value = environment(name);
      return value ? [addressLine(name, value, gatewayUrl, line)] : [];
    }),
    ...KEYS.filter((name) => environment(name)).map((name) =>
      line("info", `${name} is set: a tool that finds it may ask the provider itself, past the gateway.`),
    ),
    ...DETOURS.filter((name) => environment(name)).map((name) =>
      line("warning", `${name} is set: Claude Code asks that cloud, past the gateway. Unset it.`),
    ),
    ...proxyLines(environment, line),
  ];
  if (environment("NODE_TLS_REJECT_UNAUTHORIZED") === "0") {
    const text =
      "NODE_TLS_REJECT_UNAUTHORIZED is 0: programs on Node take any certificate, so anybody on the way can read their keys. Unset it; Postern's engine does not heed it.";
    found.push(line("warning", text));
  }
  return found.length > 0 ? found : [line("ok", "Nothing in it makes tools pass the gateway by.")];
}

type Line = (level: Check["level"], text: string) => Check;

function addressLine(name: string, value: string, gatewayUrl: string | undefined, line: Line): Check {
  if (!URL.canParse(value)) return line("warning", `${name} is set, but is no address. Correct or unset it.`);
  const url = new URL(value);
  if (gatewayUrl !== undefined && sameServer(url, new URL(gatewayUrl)))
    return line("ok", `${name} leads to the gateway.`);
  const isHere = LOOPBACK.includes(url.hostname) || url.hostname === "[::1]";
  if (gatewayUrl === undefined && isHere)
    return line("info", `${name} leads to ${url.host}, which may be the gateway once it runs.`);
  return line(
    "warning",
    `${name} leads to ${url.host}, past the gateway. Unset it, or set it to the gateway's address.`,
  );
}

function sameServer(one: URL, other: URL): boolean {
  const host = ({ hostname }: URL): string => (LOOPBACK.includes(hostname) ? "here" : hostname);
  return one.port === other.port && host(one) === host(other);
}

/** Tools send what is for the gateway to the proxy too, if nothing tells them not to. */
function proxyLines(environment: Environment, line: Line): Check[] {
  const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].filter((name) => environment(name));
  if (names.length === 0) return [];
  const bypassed = (environment("NO_PROXY") ?? environment("no_proxy") ?? "").split(/[,\s]+/);
  const free = bypassed.some((host) => host === "*" || host === "127.0.0.1" || host === "127.0.0.0/8");
  if (free) return [];
  const text = `${names[0]} is set and NO_PROXY does not name 127.0.0.1: some tools will look for the gateway behind the proxy. Add 127.0.0.1,localhost to NO_PROXY.`;
  return [line("warning", text)];
}
