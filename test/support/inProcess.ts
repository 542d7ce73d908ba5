import type { EngineProvider } from "../../src/core/config/engineConfig";
import { type EngineParts, EngineService } from "../../src/engine/engineService";
import { Ledger } from "../../src/engine/ledger/ledger";
import { EngineLog } from "../../src/engine/log/log";
import { ModelListCache } from "../../src/engine/providers/modelListCache";
import { engineConfig } from "./engine";
import { GATEWAY_KEY, PROVIDER_KEY } from "./gateway";
import { PATH, type Protocol } from "./recordings";

/** An engine in this process, for what can only be set from within; its sockets are real. */
export class InProcessEngine {
  private constructor(
    readonly service: EngineService,
    readonly url: string,
  ) {}

  /** Providers of each protocol, named by it, at one address. */
  static async start(
    providerUrl: string,
    waits: NonNullable<EngineParts["waits"]> = {},
  ): Promise<InProcessEngine> {
    const log = new EngineLog(Date.now);
    const ledger = new Ledger({ folder: undefined, log });
    const lists = new ModelListCache(undefined, log);
    const service = new EngineService({ version: "test", log, ledger, lists, waits });
    const protocols: Protocol[] = ["chat", "responses", "messages"];
    await service.configure(
      engineConfig(providerUrl, {
        providers: protocols.map((protocol) => providerOf(protocol, providerUrl)),
      }),
    );
    await service.startGateway();
    return new InProcessEngine(service, service.url ?? "");
  }

  post(path: string, body: object): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { "x-api-key": GATEWAY_KEY, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** A request in one protocol to the provider of another. */
  ask(client: Protocol, provider: Protocol, more: object = {}): Promise<Response> {
    const messages = [{ role: "user", content: "hi" }];
    const body = client === "responses" ? { input: "hi" } : { messages, max_tokens: 100 };
    return this.post(PATH[client], { model: `${provider}/model-a`, ...body, ...more });
  }

  close(): Promise<void> {
    return this.service.close();
  }
}

function providerOf(protocol: Protocol, baseUrl: string): EngineProvider {
  return {
    config: {
      id: protocol,
      type: protocol === "messages" ? "anthropic" : "openai",
      wireApi: protocol === "responses" ? "responses" : "completions",
      baseUrl,
      enabled: true,
      models: [{ id: "model-a" }],
    },
    credential: { kind: "apiKey", value: PROVIDER_KEY },
  };
}
