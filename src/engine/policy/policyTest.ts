import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { EngineConfig } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import { explanationLines } from "../../core/governance/policy/explanationText";
import { factsOf } from "../../core/governance/policy/facts";
import { decided, resolveModel } from "../../core/routing/resolveModel";
import { SecretDetector } from "../secrets/secretDetector";
import { AdministratorPolicy, administratorPolicyPath } from "./administratorPolicy";
import { type Candidate, PolicyService } from "./policyService";
import { RepositoryPolicies } from "./repositoryPolicies";

/** A request that somebody asks about, as given on the command line. */
export interface PolicyQuestion {
  readonly workspace?: string;
  readonly remote?: string;
  readonly trusted?: boolean;
  readonly task?: string;
  readonly model?: string;
  /** Name of a gateway key, for its labels. */
  readonly key?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** File with a request's body, which is searched for secrets. */
  readonly body?: string;
}

/**
 * Says which rules a request would meet, and why. Nothing is sent anywhere.
 * @returns whether the request would be sent
 */
export async function testPolicy(
  config: Pick<EngineConfig, "providers" | "gateway" | "policy">,
  question: PolicyQuestion,
  write: (line: string) => void,
): Promise<boolean> {
  const detector = new SecretDetector();
  detector.configure(config);
  const path = administratorPolicyPath(process.platform, (name) => process.env[name]);
  const administrator = new AdministratorPolicy(path, { platform: process.platform, uid: 0 });
  const service = new PolicyService(administrator, new RepositoryPolicies(), detector);
  service.configure(config.policy ?? { rules: [] });
  const secrets =
    question.body === undefined ? [] : await detector.kinds(readFileSync(question.body, "utf8"));
  const facts = { ...factsOf(callerOf(config, question), question.task), secrets };
  const candidate = question.model === undefined ? undefined : candidateOf(config, question.model);
  const explanation = await service.explain(facts, candidate);
  for (const line of explanationLines(explanation)) write(line);
  if (question.model !== undefined && candidate === undefined)
    write(
      `\nThe model ${JSON.stringify(question.model)} is not in the configuration, so rules on targets were left out.`,
    );
  const { decision, targetDecision } = explanation;
  return (targetDecision?.refusal ?? decision.refusal) === undefined;
}

function callerOf({ gateway }: Pick<EngineConfig, "gateway">, question: PolicyQuestion): Caller {
  const { workspace, remote, trusted, key, labels } = question;
  const known = key === undefined ? undefined : gateway.keys.find(({ name }) => name === key);
  if (key !== undefined && !known)
    throw new PosternError("invalid_request", `There is no gateway key named ${JSON.stringify(key)}.`);
  const own = known && "labels" in known ? (known.labels as Readonly<Record<string, string>>) : {};
  const folder = workspace ?? (remote === undefined && trusted === undefined ? undefined : "");
  return {
    kind: "gatewayKey",
    name: key ?? "",
    labels: { ...own, ...labels },
    ...(folder === undefined
      ? {}
      : {
          workspace: {
            folder: folder && resolve(folder),
            ...(remote === undefined ? {} : { remote }),
            ...(trusted === undefined ? {} : { trusted }),
          },
        }),
  };
}

/** Only what the configuration names: asking the providers would be a request of its own. */
function candidateOf({ providers }: Pick<EngineConfig, "providers">, model: string): Candidate | undefined {
  const sources = providers.map(({ config: { id, enabled, models } }) => ({
    id,
    enabled,
    models: models ?? [],
    listIsComplete: models !== undefined,
  }));
  const found = decided(resolveModel(model, sources));
  if (found.kind !== "found") return undefined;
  const provider = providers.find(({ config }) => config.id === found.providerId);
  return provider && { provider: provider.config, model: found.model.id };
}
