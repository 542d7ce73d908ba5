import type { EngineStatus, ProviderStatus } from "../../../src/core/rpc/contract";
import type { EngineState } from "../../../src/vscode/engine/state";
import type { LocalState, PosternState, UsableEntry } from "../../../src/vscode/state";

/** A provider with a stored key. */
export function entry(change: Partial<UsableEntry> = {}): UsableEntry {
  return {
    index: 0,
    id: "openai",
    faulty: false,
    name: "OpenAI",
    type: "openai",
    baseUrl: "https://api.openai.com/v1",
    protocols: ["chat", "responses"],
    enabled: true,
    key: { kind: "stored" },
    stored: true,
    credentials: [{ label: "key", source: "stored", usable: true }],
    ...change,
  };
}

export function providerStatus(change: Partial<ProviderStatus> = {}): ProviderStatus {
  return { id: "openai", state: "ready", models: [], modelsFrom: "provider", ...change };
}

/** A connected engine whose gateway runs. */
export function ready(change: Partial<EngineStatus> = {}): EngineState {
  return {
    kind: "ready",
    status: {
      version: "0.1.0",
      pid: 42,
      gateway: { state: "running", url: "http://127.0.0.1:4141", host: "127.0.0.1", port: 4141 },
      providers: [],
      routes: [],
      usage: { day: "2026-01-01", requests: 12, inputTokens: 30_000, outputTokens: 4500, unreported: 0 },
      gatewayKeys: 0,
      running: 0,
      ...change,
    },
  };
}

export function state(engine: EngineState, local: Partial<LocalState> = {}): PosternState {
  return {
    engine,
    local: {
      providers: [],
      gatewayKeys: [],
      host: "127.0.0.1",
      port: 4141,
      routes: [],
      problems: [],
      ...local,
    },
  };
}
