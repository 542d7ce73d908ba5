import type { EngineProvider } from "../../../src/core/config/engineConfig";

// Of no form that is anybody's.
export const KEY = "my-secret-key-0123456789";

/** A provider for a test; what matters is said, the rest is usual. */
export function provider(
  config: Partial<EngineProvider["config"]> = {},
  credential: EngineProvider["credential"] = { kind: "apiKey", value: KEY },
): EngineProvider {
  return {
    config: {
      id: "p",
      type: "openai",
      wireApi: "completions",
      baseUrl: "https://api.example.com/v1",
      enabled: true,
      ...config,
    },
    credential,
  };
}
