import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OTHER_WIRES, otherWire } from "./otherWires";

/** What the fake knows of one account. */
export interface FakeAccount {
  readonly login: string;
  readonly entitlement: number;
  used: number;
  revoked?: boolean;
  readonly models?: readonly object[];
}

/** A request for an answer, as the runtime sent it. */
export interface Asked {
  readonly path: string;
  readonly token: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: {
    readonly model?: string;
    readonly messages?: readonly Record<string, unknown>[];
    readonly tools?: readonly { readonly function: { readonly name: string } }[];
    readonly [name: string]: unknown;
  };
}

/** One step of an answer: what a chunk's delta holds, why it ends where it is no usual end, or an act. */
export type Step =
  | object
  | { readonly status: number; readonly error: string }
  | { readonly finish: string }
  | "cut"
  | "end"
  | "stall";

export function fakeModel(id: string, multiplier: number | undefined, more: object = {}): object {
  return {
    id,
    name: id.toUpperCase(),
    object: "model",
    vendor: "OpenAI",
    version: id,
    preview: false,
    model_picker_enabled: true,
    model_picker_category: "versatile",
    supported_endpoints: ["/chat/completions"],
    capabilities: {
      family: id,
      type: "chat",
      object: "model_capabilities",
      tokenizer: "o200k_base",
      limits: {
        max_context_window_tokens: 128000,
        max_output_tokens: 16384,
        max_prompt_tokens: 111000,
        vision: {
          supported_media_types: ["image/png"],
          max_prompt_images: 5,
          max_prompt_image_size: 3145728,
        },
      },
      supports: {
        streaming: true,
        tool_calls: true,
        parallel_tool_calls: true,
        vision: true,
        structured_outputs: true,
      },
    },
    policy: { state: "enabled", terms: "" },
    ...(multiplier === undefined ? {} : { billing: { is_premium: multiplier > 0, multiplier } }),
    ...more,
  };
}

/** GitHub's Copilot endpoints on loopback, as far as the runtime asks for them. */
export class FakeGitHub {
  readonly asked: Asked[] = [];
  readonly paths: string[] = [];
  /** Answers that were left before their end. */
  closedEarly = 0;
  readonly accounts = new Map<string, FakeAccount>();
  /** What is answered next; by default a short text. */
  answer: (asked: Asked) => readonly Step[] = () => [{ content: "Hello" }, { content: " there" }];
  models: readonly object[] = [fakeModel("gpt-5-mini", 0), fakeModel("claude-sonnet-4.5", 1)];
  private readonly server = createServer((request, response) => void this.handle(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    this.paths.push(`${request.method} ${path}`);
    const token = (request.headers.authorization ?? "").replace(/^(Bearer|token) /i, "");
    const account = this.accounts.get(token);
    if (!account || account.revoked) return answer(response, 401, { message: "Bad credentials" });
    if (path === "/copilot_internal/user") return answer(response, 200, this.userOf(account));
    if (path === "/models")
      return answer(response, 200, { data: account.models ?? this.models, object: "list" });
    if (path === "/user") return answer(response, 200, { login: account.login, id: 1 });
    if (path !== "/chat/completions" && !OTHER_WIRES[path])
      return answer(response, 404, { message: "not here" });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const asked: Asked = { path, token, headers: request.headers, body };
    this.asked.push(asked);
    if (request.headers["x-initiator"] === "user") account.used += 1;
    await this.write(asked, response);
  }

  private async write(asked: Asked, response: ServerResponse): Promise<void> {
    const steps = this.answer(asked);
    const [first] = steps;
    if (first && typeof first === "object" && "status" in first) {
      const { status, error } = first as { status: number; error: string };
      return answer(response, status, { error: { message: error, code: "fake" } });
    }
    const protocol = OTHER_WIRES[asked.path];
    let events: string[] | undefined;
    try {
      events = protocol && otherWire(protocol, asked.body, asked.headers, steps);
    } catch (refusal) {
      return answer(response, 400, { error: { message: String(refusal), code: "fake" } });
    }
    response.writeHead(200, { "content-type": "text/event-stream", ...this.quotaHeaders(asked.token) });
    if (events) return void response.end(events.join(""));
    const chunk = (delta: object, finish: string | null, more: object = {}) =>
      response.write(
        `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 1, model: asked.body.model, choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`,
      );
    let calls = false;
    let finish: string | undefined;
    let whole = false;
    response.once("close", () => {
      if (!whole) this.closedEarly += 1;
    });
    for (const step of steps) {
      if (response.destroyed) return;
      if (step === "cut") {
        response.destroy();
        return;
      }
      if (step === "stall") return;
      // No last chunk, and yet nothing is wrong with the connection.
      if (step === "end") {
        response.end();
        return;
      }
      if ("finish" in (step as object)) {
        finish = (step as { finish: string }).finish;
        continue;
      }
      calls ||= "tool_calls" in (step as object);
      chunk({ role: "assistant", ...(step as object) }, null);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    chunk({}, finish ?? (calls ? "tool_calls" : "stop"), {
      usage: {
        prompt_tokens: 30,
        completion_tokens: 7,
        total_tokens: 37,
        prompt_tokens_details: { cached_tokens: 10 },
      },
    });
    whole = true;
    response.end("data: [DONE]\n\n");
  }

  /** What is left, as GitHub says it with every answer. */
  private quotaHeaders(token: string): Record<string, string> {
    const account = this.accounts.get(token);
    if (!account) return {};
    const { entitlement, used } = account;
    const left = (((entitlement - used) / entitlement) * 100).toFixed(1);
    const said = new URLSearchParams({
      ent: String(entitlement),
      ov: "0.0",
      ovPerm: "false",
      rem: left,
      rst: "2027-01-01T00:00:00Z",
    });
    return { "x-quota-snapshot-premium_interactions": said.toString() };
  }

  private userOf({ login, entitlement, used }: FakeAccount): object {
    const remaining = entitlement - used;
    return {
      login,
      access_type_sku: "plus_monthly_subscriber_quota",
      copilot_plan: "individual_pro",
      chat_enabled: true,
      endpoints: { api: this.url, telemetry: this.url },
      quota_reset_date: "2027-01-01",
      quota_reset_date_utc: "2027-01-01T00:00:00.000Z",
      quota_snapshots: {
        premium_interactions: {
          entitlement,
          percent_remaining: (remaining / entitlement) * 100,
          quota_remaining: remaining,
          remaining,
          overage_count: 0,
          overage_permitted: false,
          unlimited: false,
          quota_id: "premium_interactions",
          timestamp_utc: "2026-11-20T10:00:00.000Z",
        },
        chat: {
          entitlement: 0,
          percent_remaining: 100,
          quota_remaining: 0,
          remaining: 0,
          overage_count: 0,
          overage_permitted: false,
          unlimited: true,
          quota_id: "chat",
          timestamp_utc: "2026-11-20T10:00:00.000Z",
        },
      },
    };
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
