import type { EngineProvider } from "../../core/config/engineConfig";
import {
  PAID_PROBES,
  type PaidProbe,
  PROBE_LABEL,
  type ProbeResult,
  suggestedModel,
} from "../../core/diagnosis/probes";
import type { ProbeParams } from "../../core/rpc/contract";
import type { Target } from "../common/target";
import type { ProviderRegistry, ProviderTarget } from "../providers/registry";
import { statusOf } from "../render/providerState";
import { saidText } from "../render/verdict";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import { withCancel } from "../ui/progress";
import { pickStep } from "../ui/steps";
import { remedyActions } from "./remedies";

/** What trying a model works on. */
export interface ProbeNeeds {
  readonly store: Pick<StateStore, "value">;
  readonly registry: Pick<ProviderRegistry, "resolved" | "patch" | "keyOrigin">;
  runProbe(params: ProbeParams, signal: AbortSignal): Promise<ProbeResult>;
}

/** The provider and the model that a model's row is of: `provider/model`. */
export function modelTarget(
  target: Target | undefined,
  { value }: Pick<StateStore, "value">,
): { readonly provider: ProviderTarget; readonly model: string } | undefined {
  if (target?.kind !== "model") return undefined;
  const entry = value.local.providers.find(({ id }) => target.name.startsWith(`${id}/`));
  if (!entry) return undefined;
  const { id, index } = entry;
  return { provider: { kind: "provider", id, index }, model: target.name.slice(id.length + 1) };
}

/** The person chooses the model to try, and is told what that costs. @returns undefined if it was left */
export async function askModel(
  { store }: Pick<ProbeNeeds, "store">,
  target: ProviderTarget,
  provider: EngineProvider,
): Promise<string | undefined> {
  const known = statusOf(store.value.engine, target.id)
    ?.models.filter(({ hidden, facts }) => !hidden && !facts.embeddings)
    .map(({ id }) => id);
  const models = known?.length ? known : (provider.config.models ?? []).map(({ id }) => id);
  if (models.length === 0) {
    notify("warning", `${target.id} has no models that could be tried. Name them, or refresh them.`);
    return undefined;
  }
  const suggested = suggestedModel(models);
  const sorted = [...models].sort((one, other) => Number(other === suggested) - Number(one === suggested));
  const answer = await pickStep<string>({
    title: "Try Model",
    placeholder: "Which model?",
    prompt:
      "Three tiny requests show whether it answers, streams and calls tools. They cost some hundred tokens.",
    choices: sorted.map((id) => ({ label: id, value: id })),
  });
  return answer.kind === "answer" ? answer.value : undefined;
}

/** Tries whether a model answers, streams and calls tools, and tells each by itself. */
export async function probeModel(needs: ProbeNeeds, target: ProviderTarget, model: string): Promise<void> {
  const provider = await needs.registry.resolved(target);
  const results = await withCancel(`Trying ${model}…`, (signal) =>
    probeAll((probe) => needs.runProbe({ provider, probe, model }, signal), signal),
  );
  if (results === undefined) return;
  const worst =
    results.find(({ outcome }) => outcome === "fails") ??
    results.find(({ outcome }) => outcome === "warning");
  const text = `${model} ${outcomeText(results)}`;
  if (worst?.finding === undefined) {
    notify("info", `${text}.`);
    return;
  }
  const again = (): Promise<void> => probeModel(needs, target, model);
  const said = saidText(worst.finding);
  notify(
    worst.outcome === "fails" ? "error" : "warning",
    [`${text}. ${worst.sentence}`, ...(said === undefined ? [] : [said])].join(" "),
    remedyActions(worst.finding.remedies, target, { registry: needs.registry, again }),
  );
}

/** @returns undefined if the person has cancelled it */
async function probeAll(
  run: (probe: PaidProbe) => Promise<ProbeResult>,
  signal: AbortSignal,
): Promise<readonly ProbeResult[] | undefined> {
  const results: ProbeResult[] = [];
  for (const probe of PAID_PROBES) {
    try {
      results.push(await run(probe));
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
    // What cannot even answer can do nothing else.
    if (results[0]?.outcome === "fails") break;
  }
  return results;
}

/** "answers (300 ms), streams, does not call tools": each by itself. */
export function outcomeText(results: readonly ProbeResult[]): string {
  const NEGATED: Record<PaidProbe, string> = {
    answer: "does not answer",
    stream: "does not stream",
    tools: "does not call tools",
  };
  return results
    .map(({ probe, outcome, latencyMs }) => {
      if (outcome === "fails" && probe !== "list") return NEGATED[probe];
      return `${PROBE_LABEL[probe]} (${latencyMs} ms)`;
    })
    .join(", ");
}
