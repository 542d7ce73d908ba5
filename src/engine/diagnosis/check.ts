import type { EngineConfig, EngineProvider } from "../../core/config/engineConfig";
import { PAID_PROBES, PROBE_LABEL, type ProbeResult, suggestedModel } from "../../core/diagnosis/probes";
import type { TestResult } from "../../core/rpc/contract";
import type { CopilotService } from "../copilot/copilotService";
import { UpstreamClient } from "../relay/upstreamClient";
import { checkRoutes } from "./checkRoutes";
import { testCopilot } from "./copilotProbe";
import { testProvider } from "./listProbe";
import { runProbe } from "./runProbe";

export interface CheckOptions {
  /** Also try what costs tokens. */
  readonly probe?: boolean;
  /** Which model is tried: its id, or `provider/id`. A provider without it tries the one that seems cheapest. */
  readonly model?: string;
  /** One JSON object instead of lines. */
  readonly json?: boolean;
}

interface Checked {
  readonly id: string;
  readonly enabled: boolean;
  readonly ok: boolean;
  readonly list?: TestResult;
  /** Which model was tried. */
  readonly model?: string;
  readonly probes: readonly ProbeResult[];
}

/**
 * Tests each provider, and with `probe` one model of each, and says what is to be known of the routes.
 * @returns whether all providers that are enabled work
 */
export async function checkProviders(
  { providers, routes, network }: Pick<EngineConfig, "providers" | "routes" | "network">,
  write: (line: string) => void,
  options: CheckOptions = {},
  copilot?: Pick<CopilotService, "listModels">,
): Promise<boolean> {
  const upstream = new UpstreamClient();
  upstream.setNetwork(network);
  const { signal } = new AbortController();
  const checked = await Promise.all(
    providers.map((provider) => checkProvider(upstream, provider, options, signal, copilot)),
  );
  await upstream.destroy();
  const { model } = options;
  const missed =
    model === undefined || checked.some((one) => isNamed(one.id, one.model, model)) ? [] : [model];
  const ok = missed.length === 0 && checked.every((one) => one.ok);
  const untried = missed.map(
    (name) => `no provider lists the model ${JSON.stringify(name)}, so it was not tried`,
  );
  const notes = checkRoutes(
    { providers, routes },
    (providerId) => checked.find(({ id }) => id === providerId)?.list?.models ?? [],
  );
  if (options.json)
    write(JSON.stringify({ ok, providers: checked.map(asJson), notes: [...untried, ...notes] }, null, 2));
  else {
    const said = [...untried.map((fault) => `FAIL ${fault}`), ...notes.map((note) => `note ${note}`)];
    for (const line of [...checked.flatMap(linesOf), ...said]) write(line);
  }
  return ok;
}

async function checkProvider(
  upstream: UpstreamClient,
  provider: EngineProvider,
  { probe, model: wanted }: CheckOptions,
  signal: AbortSignal,
  copilot: Pick<CopilotService, "listModels"> | undefined,
): Promise<Checked> {
  const { id, enabled } = provider.config;
  if (!enabled) return { id, enabled, ok: true, probes: [] };
  if (provider.config.type === "copilot") {
    // A premium request is not spent on a test.
    const list = await testCopilot(copilot, provider);
    return { id, enabled, ok: list.ok, list, probes: [] };
  }
  const list = await testProvider(upstream, provider, { signal });
  if (!probe || !list.ok) return { id, enabled, ok: list.ok, list, probes: [] };
  const known = provider.config.models?.map((model) => model.id) ?? list.models;
  // Lists lack aliases: who names the provider, too, means that very model.
  const named = wanted?.startsWith(`${id}/`) ? wanted.slice(id.length + 1) : suggestedModel(known);
  const model = known.find((own) => isNamed(id, own, wanted)) ?? named;
  const probes: ProbeResult[] = [];
  for (const kind of PAID_PROBES) {
    probes.push(await runProbe(upstream, provider, kind, model, { signal }));
    // What cannot even answer can do nothing else.
    if (kind === "answer" && probes[0]?.outcome === "fails") break;
  }
  const ok = probes.every(({ outcome }) => outcome !== "fails");
  return { id, enabled, ok, list, probes, ...(model === undefined ? {} : { model }) };
}

function isNamed(id: string, model: string | undefined, wanted: string | undefined): boolean {
  return model !== undefined && (model === wanted || `${id}/${model}` === wanted);
}

function linesOf({ id, enabled, list, model, probes }: Checked): string[] {
  if (!enabled || !list) return [`ok   ${id}: disabled`];
  const verdict = list.ok ? `${list.verdict} (${list.latencyMs} ms)` : list.verdict;
  return [
    `${list.ok ? "ok  " : "FAIL"} ${id}: ${verdict}`,
    ...probes.map(({ probe, outcome, sentence, latencyMs }) => {
      const what = `${model ?? id} ${PROBE_LABEL[probe]}`;
      if (outcome === "works") return `  ok   ${what} (${latencyMs} ms)`;
      return `  ${outcome === "warning" ? "warn" : "FAIL"} ${what}: ${sentence}`;
    }),
  ];
}

/** Without what a provider said, which may hold anything. */
function asJson({ id, enabled, ok, list, model, probes }: Checked): object {
  return {
    id,
    enabled,
    ok,
    ...(list
      ? { verdict: list.verdict, code: list.finding?.code, latencyMs: list.latencyMs, models: list.models }
      : {}),
    ...(model === undefined ? {} : { model }),
    ...(probes.length === 0
      ? {}
      : {
          probes: probes.map(({ probe, outcome, sentence, latencyMs, finding }) => ({
            probe,
            outcome,
            sentence,
            code: finding?.code,
            latencyMs,
          })),
        }),
  };
}
