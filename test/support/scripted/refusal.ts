import type { WireProtocol } from "../../../src/core/protocols/wire";

/** What the scripted provider does not take, in the words its original uses. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly about: {
      readonly param?: string;
      readonly code?: string;
      readonly status?: number;
      readonly type?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.name = "Refusal";
  }

  get status(): number {
    return this.about.status ?? 400;
  }
}

const ANTHROPIC_TYPES: Record<number, string> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

const OPENAI_TYPES: Record<number, string> = {
  400: "invalid_request_error",
  401: "invalid_request_error",
  404: "invalid_request_error",
  429: "rate_limit_error",
};

/** The body that a refusal is answered with. */
export function refusalBody(protocol: WireProtocol, { status, message, about }: Refusal): object {
  if (protocol === "messages") {
    const type = about.type ?? ANTHROPIC_TYPES[status] ?? "api_error";
    const details = about.code === undefined ? {} : { details: threadDetails(about.code) };
    return { type: "error", error: { type, message, ...details }, request_id: "req_own1" };
  }
  const type = about.type ?? OPENAI_TYPES[status] ?? "server_error";
  return { error: { message, type, param: about.param ?? null, code: about.code ?? null } };
}

const threadDetails = (code: string): object => ({ error_code: code, unsupported: ["thread"] });
