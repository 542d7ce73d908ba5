import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable, Writable } from "node:stream";
import { PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import type { ModelChoice } from "../../core/governance/keyModels";
import { modelRows } from "../../core/mcp/modelRows";
import { quotaRows } from "../../core/mcp/quotaRows";
import type { ModelSource } from "../../core/routing/resolveModel";
import type { LimitsStatus } from "../../core/rpc/limitsStatus";
import { readRequestBody } from "../gateway/requestBody";
import type { HandlePrivately } from "../pipe/privateHttp";
import type { McpBackend } from "./backend";
import { callChat } from "./chatCall";
import type { HttpMcp } from "./httpMcp";
import { InProcessHttp } from "./inProcessHttp";

/** What MCP's tools need of the engine. */
export interface McpSurroundings {
  readonly version: string;
  /** The way of any request. */
  readonly handle: HandlePrivately;
  sources(): ModelSource[];
  settleModels(milliseconds: number): Promise<void>;
  routes(): readonly string[];
  allows(caller: Caller, choice: ModelChoice): boolean;
  limits(): LimitsStatus;
}

/** Lists that are being asked for are waited for this long, as in `GET /v1/models`. */
const SETTLE_MS = 2_000;

/** Postern as an MCP server: `/mcp` of the gateway, and the standard streams of `postern mcp`. */
export class McpService {
  private readonly requests: InProcessHttp;
  private http: Promise<HttpMcp> | undefined;

  constructor(private readonly around: McpSurroundings) {
    this.requests = new InProcessHttp(around.handle);
  }

  /** @throws PosternError of what is wrong with the body */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    caller: Caller,
  ): Promise<void> {
    const message = parsed(await readRequestBody(request));
    this.http ??= import("./mcpBundle").then(({ HttpMcp }) => new HttpMcp(randomUUID));
    const http = await this.http;
    const callerId = `${caller.kind} ${caller.name}`;
    await http.answer({
      request,
      response,
      requestId,
      message,
      callerId,
      backend: this.backend(() => caller),
    });
  }

  /** @param caller asked at each call, since a gateway key may be taken back meanwhile; throws `unauthorized` */
  async serveStdio(
    caller: () => Caller,
    input: Readable,
    output: Writable,
    signal: AbortSignal,
  ): Promise<void> {
    const { serveStdio } = await import("./mcpBundle");
    await serveStdio(this.backend(caller), input, output, signal);
  }

  private backend(caller: () => Caller): McpBackend {
    return {
      version: this.around.version,
      chat: async (args, signal, progress) => callChat(this.requests, caller(), args, signal, progress),
      models: async () => this.models(caller()),
      quota: async () => this.quota(caller()),
    };
  }

  private async models(caller: Caller): Promise<object> {
    await this.around.settleModels(SETTLE_MS);
    const routes = this.around
      .routes()
      .filter((name) => this.around.allows(caller, { provider: "", model: name, route: name }));
    return { models: modelRows(this.allowed(caller), routes) };
  }

  private quota(caller: Caller): object {
    const providers = new Set(
      this.allowed(caller).flatMap(({ id, models }) => (models.length > 0 ? [id] : [])),
    );
    return quotaRows(this.around.limits(), {
      ...(caller.kind === "gatewayKey" ? { gatewayKey: caller.name } : {}),
      mayUse: (provider) => providers.has(provider),
    });
  }

  private allowed(caller: Caller): ModelSource[] {
    return this.around.sources().map((source) => ({
      ...source,
      models: source.models.filter(({ id }) =>
        this.around.allows(caller, { provider: source.id, model: id }),
      ),
    }));
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new PosternError("invalid_json", "The request body is not valid JSON.");
  }
}
