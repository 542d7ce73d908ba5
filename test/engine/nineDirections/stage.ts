import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { GATEWAY_KEY, Gateway, providerEntry } from "../../support/gateway";
import { ScriptedProvider } from "../../support/scriptedProvider";

export const PROTOCOLS: readonly WireProtocol[] = ["chat", "responses", "messages"];

/** The provider's own name of its model; the family decides what a strict provider refuses. */
export const MODELS: Record<WireProtocol, string> = {
  chat: "gpt-5.1",
  responses: "gpt-5.1",
  messages: "claude-sonnet-4-5",
};

/** A scripted provider, the gateway with that provider in each of its three kinds, and the official clients. */
export class Stage {
  private constructor(
    readonly provider: ScriptedProvider,
    readonly gateway: Gateway,
    readonly openai: OpenAI,
    readonly anthropic: Anthropic,
  ) {}

  static async open(): Promise<Stage> {
    const provider = await ScriptedProvider.start(() => ({ text: "unset" }));
    const models = (protocol: WireProtocol, ...more: string[]) => ({
      models: [MODELS[protocol], ...more].map((id) => ({ id })),
    });
    const gateway = await Gateway.start({
      providers: [
        providerEntry(provider.url, { id: "chat", ...models("chat", "gpt-4o", "own-llm") }),
        providerEntry(provider.url, {
          id: "responses",
          wireApi: "responses",
          ...models("responses", "gpt-4o", "own-llm"),
        }),
        providerEntry(provider.url, {
          id: "messages",
          type: "anthropic",
          ...models("messages", "claude-opus-4-7", "own-llm"),
        }),
      ],
    });
    const options = { apiKey: GATEWAY_KEY, maxRetries: 0 };
    return new Stage(
      provider,
      gateway,
      new OpenAI({ ...options, baseURL: `${gateway.url}/v1` }),
      new Anthropic({ ...options, baseURL: gateway.url }),
    );
  }

  async close(): Promise<void> {
    await this.gateway.stop();
    await this.provider.stop();
  }
}

/** The model of a provider, as clients of the gateway name it. */
export const modelAt = (provider: WireProtocol, model = MODELS[provider]): string => `${provider}/${model}`;
