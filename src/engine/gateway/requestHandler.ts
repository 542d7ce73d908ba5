import type { IncomingMessage, ServerResponse } from "node:http";
import { logSafeText, PosternError } from "../../core/errors";
import { isHostAllowed, isOriginAllowed, type ListenAddress } from "../../core/gateway/hostGuard";
import { anthropicModelsBody, modelBody, openAiModelsBody } from "../../core/gateway/modelsBody";
import { claudeAliases, type OfferedRoute, offeredModels } from "../../core/gateway/offeredModels";
import { presentedKeys } from "../../core/gateway/presentedKeys";
import { quotaBody } from "../../core/gateway/quotaBody";
import { matchRoute, type Route } from "../../core/gateway/routes";
import type { Caller } from "../../core/governance/caller";
import type { ModelChoice } from "../../core/governance/keyModels";
import type { ProviderQuota } from "../../core/governance/quota";
import { JsonSyntaxError } from "../../core/json/topLevel";
import type { WireProtocol } from "../../core/protocols/wire";
import { nearestIds } from "../../core/routing/editDistance";
import { firstValue } from "../../core/text/firstValue";
import type { Log } from "../log/log";
import type { McpService } from "../mcp/mcpService";
import type { ProviderRegistry } from "../providers/providerRegistry";
import type { Operations } from "../relay/operations";
import { answerError, answerJson } from "./answer";
import { letContinue } from "./continueLater";
import { GuessDelay } from "./guessDelay";
import type { KeyRing } from "./keyRing";
import { newRequestId } from "./requestId";

/** What the handler asks of the gateway it serves. */
export interface GatewayFacts {
  readonly version: string;
  address(): ListenAddress;
  keys(): KeyRing;
  /** The routes that have an id of their own. */
  routes(): readonly OfferedRoute[];
  /** What providers have said that is left. */
  quotas(): readonly ProviderQuota[];
  /** Whether a caller's gateway key allows a model, or a route by its name. */
  allows(caller: Caller, choice: ModelChoice): boolean;
}

/** Takes a request from the socket to the operation it asks for: guard, route, key, then the work. */
export class RequestHandler {
  private readonly guesses = new GuessDelay(() => performance.now());

  constructor(
    private readonly facts: GatewayFacts,
    private readonly registry: ProviderRegistry,
    private readonly operations: Operations,
    private readonly mcp: Pick<McpService, "handle">,
    private readonly log: Log,
  ) {}

  /**
   * Never rejects: every failure becomes an answer.
   * @param identify who asks, for a socket that knows by itself who its clients are, and that no browser can reach;
   *   throws `unauthorized`
   */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    identify?: (request: IncomingMessage) => Caller,
  ): Promise<void> {
    const requestId = newRequestId();
    let protocol: WireProtocol = "chat";
    try {
      const { path, anthropicVersion } = addressed(request);
      const match = matchRoute(request.method ?? "", path, anthropicVersion);
      protocol = match.kind === "found" ? match.route.protocol : match.protocol;
      if (!identify) this.guard(request);
      if (/\bwebsocket\b/i.test(request.headers.upgrade ?? "")) {
        // Codex tries a WebSocket first; 426 sends it to plain HTTP at once, any other answer costs it retries.
        const fault = new PosternError("upgrade_required", "WebSocket is not spoken here; use HTTP.");
        answerError(response, protocol, fault, requestId, { upgrade: "HTTP/1.1", connection: "close" });
        return;
      }
      refuseKeyInAddress(request);
      if (match.kind === "found" && match.route.kind === "health") {
        answerJson(response, 200, JSON.stringify({ status: "ok", version: this.facts.version }), {
          "x-request-id": requestId,
        });
        return;
      }
      const caller = identify ? identify(request) : (this.callerOf(request) ?? (await this.refuse(request)));
      if (match.kind === "notFound") {
        const hint = "An OpenAI base URL ends in /v1, an Anthropic one does not.";
        throw new PosternError(
          "not_found",
          `There is nothing at ${request.method} ${path.slice(0, 200)}. ${hint}`,
        );
      }
      if (match.kind === "methodNotAllowed") {
        const fault = new PosternError(
          "method_not_allowed",
          `${request.method} is not possible here; use ${match.allow}.`,
        );
        answerError(response, protocol, fault, requestId, { allow: match.allow });
        return;
      }
      letContinue(request, response);
      await this.serve(match.route, request, response, requestId, caller);
    } catch (error) {
      this.answerFailure(error, response, protocol, requestId);
    }
  }

  private guard(request: IncomingMessage): void {
    const { host, origin } = request.headers;
    // A second Host header would be dropped by Node's parser, and is never honest.
    const hosts = request.rawHeaders.filter(
      (name, index) => index % 2 === 0 && name.toLowerCase() === "host",
    );
    if (hosts.length !== 1 || !isHostAllowed(host, this.facts.address())) {
      throw new PosternError(
        "forbidden_host",
        "The Host header must be localhost, 127.0.0.1 or [::1] with the gateway's port.",
      );
    }
    // Node's parser refuses what does not end in chunks, and takes whatever stands before them.
    if (request.headers["transfer-encoding"]?.includes(","))
      throw new PosternError("invalid_request", "Transfer-Encoding must be chunked and nothing else.");
    const fetchSite = request.headers["sec-fetch-site"];
    if (
      !isOriginAllowed({ host, origin, fetchSite: fetchSite === undefined ? undefined : String(fetchSite) })
    ) {
      throw new PosternError("forbidden_origin", "Requests from web pages are refused.");
    }
  }

  private callerOf(request: IncomingMessage): Caller | undefined {
    return this.facts.keys().identify(keysIn(request));
  }

  /** Who guesses keys waits. @throws PosternError unauthorized */
  private async refuse(request: IncomingMessage): Promise<never> {
    const delay = this.guesses.next();
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const what =
      keysIn(request).length === 0
        ? "No gateway key was sent"
        : "The gateway key is unknown, disabled or has expired";
    throw new PosternError(
      "unauthorized",
      `${what}. Send a key of Postern's (not the provider's) as "Authorization: Bearer …" or "x-api-key"; in VS Code run "Postern: Copy Gateway Key".`,
    );
  }

  private async serve(
    route: Route,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    caller: Caller,
  ): Promise<void> {
    if (route.kind === "operation" || route.kind === "storedResponse") {
      await this.operations.run(route, request, response, requestId, caller);
    } else if (route.kind === "mcp") {
      await this.mcp.handle(request, response, requestId, caller);
    } else if (route.kind === "quota") {
      // Of providers that its key does not reach, a client need not know.
      const shown = this.facts
        .quotas()
        .filter(({ provider, model }) => this.reaches(caller, provider, model));
      answerJson(response, 200, quotaBody(shown), { "x-request-id": requestId });
    } else if (route.kind === "models") {
      await this.registry.settleModels(2_000);
      this.answerModels(route, request, response, requestId, caller);
    }
  }

  private reaches(caller: Caller, provider: string, model: string | undefined): boolean {
    if (model !== undefined) return this.facts.allows(caller, { provider, model });
    const models = this.registry.sources().find(({ id }) => id === provider)?.models ?? [];
    return models.some(({ id }) => this.facts.allows(caller, { provider, model: id }));
  }

  private answerModels(
    route: Extract<Route, { kind: "models" }>,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    caller: Caller,
  ): void {
    // What its key does not allow, a client need not see.
    const sources = this.registry.sources().map((source) => ({
      ...source,
      models: source.models.filter(({ id }) => this.facts.allows(caller, { provider: source.id, model: id })),
    }));
    const routes = this.facts
      .routes()
      .filter(({ id }) => this.facts.allows(caller, { provider: "", model: id, route: id }));
    const offered = offeredModels(sources, routes);
    const aliases = claudeAliases(sources, routes);
    const headers = { "x-request-id": requestId };
    if (route.id === undefined) {
      const body =
        route.protocol === "messages"
          ? anthropicModelsBody([...offered, ...aliases], queryOf(request))
          : openAiModelsBody(offered);
      answerJson(response, 200, body, headers);
      return;
    }
    const model = [...offered, ...aliases].find(({ id }) => id === route.id);
    if (model) {
      answerJson(response, 200, modelBody(route.protocol, model), headers);
      return;
    }
    const nearest = nearestIds(
      route.id,
      offered.map(({ id }) => id),
    );
    const hint = nearest.length > 0 ? ` Did you mean ${nearest.join(", ")}?` : "";
    throw new PosternError(
      "model_not_found",
      `The model ${JSON.stringify(route.id.slice(0, 200))} is not known.${hint}`,
    );
  }

  private answerFailure(
    thrown: unknown,
    response: ServerResponse,
    protocol: WireProtocol,
    requestId: string,
  ): void {
    const error = thrown instanceof JsonSyntaxError ? invalidJson(thrown) : thrown;
    if (error instanceof PosternError) {
      this.log.info(`${requestId} answered ${error.status} ${error.code}: ${error.message}`);
      answerError(response, protocol, error, requestId);
      return;
    }
    this.log.error(`${requestId} failed inside Postern: ${logSafeText(error)}`);
    if (response.headersSent) response.destroy();
    else
      answerError(
        response,
        protocol,
        new PosternError("internal", "Postern failed on this request; its log says more."),
        requestId,
      );
  }
}

function keysIn({ headers }: IncomingMessage): string[] {
  return presentedKeys((name) => firstValue(headers[name]));
}

function invalidJson(error: JsonSyntaxError): PosternError {
  return new PosternError("invalid_json", `The request body is not valid JSON: ${error.message}.`);
}

/** Under these names keys travel in addresses elsewhere. */
const KEY_PARAMETERS = new Set([
  "key",
  "api_key",
  "api-key",
  "apikey",
  "x-api-key",
  "x-goog-api-key",
  "access_token",
  "authorization",
  "bearer",
  "token",
]);

/** An address ends up in histories and logs, so a key in it is refused even beside a right one in a header. */
function refuseKeyInAddress(request: IncomingMessage): void {
  if (!request.url?.includes("?")) return;
  const found = [...queryOf(request).keys()].find((name) => KEY_PARAMETERS.has(name.toLowerCase()));
  if (found === undefined) return;
  throw new PosternError(
    "unauthorized",
    `A key in the address ("${found}") is refused, because addresses end up in logs. Send it as "Authorization: Bearer …" or "x-api-key".`,
  );
}

function addressed(request: IncomingMessage): { path: string; anthropicVersion: boolean } {
  const target = request.url ?? "/";
  const query = target.indexOf("?");
  return {
    path: query < 0 ? target : target.slice(0, query),
    anthropicVersion: request.headers["anthropic-version"] !== undefined,
  };
}

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URLSearchParams(/\?(.*)$/.exec(request.url ?? "")?.[1] ?? "");
}
