import { type buildConnector, type Dispatcher, Pool } from "undici";

/**
 * The connections to a proxy itself, for undici's `clientFactory`. What fails on the way to the proxy is told apart
 * from what fails behind it, because the remedies differ: the error's code gets `PROXY_` in front.
 */
export function proxyClient(origin: URL, options: object): Dispatcher {
  const { connect } = options as { readonly connect: buildConnector.connector };
  const told: buildConnector.connector = (target, callback) =>
    connect(target, (...[error, socket]: Parameters<buildConnector.Callback>) =>
      error ? callback(new ProxyConnectError(`PROXY_${codeOf(error)}`), null) : callback(null, socket),
    );
  return new Pool(origin, { ...options, connect: told });
}

class ProxyConnectError extends Error {
  constructor(readonly code: string) {
    super("the proxy could not be reached");
  }
}

/**
 * The code of whatever undici throws, as `networkFinding` reads it. A proxy that answers CONNECT with anything but 200
 * shows in undici's message only.
 */
export function faultCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const status = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1];
  return status === undefined ? codeOf(error) : `PROXY_STATUS_${status}`;
}

function codeOf(error: Error): string {
  // undici's own name stands for llhttp's codes, which it has lost on the way.
  if (error.name === "HTTPParserError") return "HPE_INVALID";
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
