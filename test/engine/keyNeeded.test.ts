import { expect, it } from "vitest";
import { type Credential, resolveProvider } from "../../src/core/config/engineConfig";
import { providerSchema } from "../../src/core/config/schema";
import { EngineLog } from "../../src/engine/log/log";
import { ModelListCache } from "../../src/engine/providers/modelListCache";
import { ProviderRegistry } from "../../src/engine/providers/providerRegistry";
import { UpstreamClient } from "../../src/engine/relay/upstreamClient";
import { json, ReplayProvider } from "../support/replayProvider";

it.each<[string, Credential, string]>([
  ["without a key", { kind: "none" }, "A key is needed (HTTP 401); set the key of this provider."],
  [
    "with a wrong key",
    { kind: "apiKey", value: "sk-1" },
    "The key was refused (HTTP 401); set the right key for this provider.",
  ],
])("a provider that is asked for its models %s says what is wrong", async (_, credential, detail) => {
  const provider = await ReplayProvider.start(json({}, 401));
  const upstream = new UpstreamClient();
  try {
    const log = new EngineLog(Date.now);
    const registry = new ProviderRegistry({
      upstream,
      log,
      cache: new ModelListCache(undefined, log),
      now: Date.now,
      onChange: () => undefined,
    });
    const config = providerSchema.parse({ id: "local", type: "openai", baseUrl: provider.url });
    registry.configure({
      providers: [{ ...resolveProvider(config, () => undefined), credential }],
      faulty: [],
    });
    await registry.settleModels(5000);
    expect(registry.statuses()[0]).toMatchObject({ state: "failing", detail });
  } finally {
    await upstream.destroy();
    await provider.stop();
  }
});
