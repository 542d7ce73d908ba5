import type { EngineConfig } from "../../core/config/engineConfig";
import { explanationLines } from "../../core/governance/policy/explanationText";
import { factsOf } from "../../core/governance/policy/facts";
import { decided, resolveModel } from "../../core/routing/resolveModel";
import type { PolicyQuestion } from "../../core/rpc/audit";
import { GitOrigins } from "../governance/gitOrigins";
import { readNamedFile } from "../namedFile";
import { SecretDetector } from "../secrets/secretDetector";
import { AdministratorPolicy, administratorPolicyPath } from "./administratorPolicy";
import { askedCaller } from "./askedCaller";
import { type Candidate, PolicyService } from "./policyService";
import { RepositoryPolicies } from "./repositoryPolicies";

/** A request that somebody asks about on the command line. */
export interface PolicyTestQuestion extends PolicyQuestion {
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
  question: PolicyTestQuestion,
  write: (line: string) => void,
): Promise<boolean> {
  const detector = new SecretDetector();
  detector.configure(config);
  const path = administratorPolicyPath(process.platform, (name) => process.env[name]);
  const administrator = new AdministratorPolicy(path, { platform: process.platform, uid: 0 });
  const service = new PolicyService(administrator, new RepositoryPolicies(), detector);
  service.configure(config.policy ?? { rules: [] });
  const secrets = question.body === undefined ? [] : await detector.kinds(readNamedFile(question.body));
  const origins = new GitOrigins(() => performance.now());
  const originOf = (folder: string) => origins.origin(folder);
  const caller = askedCaller(question, config.gateway.keys, originOf, question.labels);
  const facts = { ...factsOf(caller, question.task), secrets };
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
