import type { EngineConfig, EngineGatewayKey } from "../../core/config/engineConfig";
import { auditSchema } from "../../core/config/schema";
import type { PolicyExplanation } from "../../core/governance/policy/explain";
import { factsOf } from "../../core/governance/policy/facts";
import type { PolicyQuestion } from "../../core/rpc/audit";
import { AuditService } from "../audit/auditService";
import { Ledger } from "../ledger/ledger";
import type { Log } from "../log/log";
import { AdministratorPolicy, administratorPolicyPath } from "../policy/administratorPolicy";
import { askedCaller } from "../policy/askedCaller";
import { type Candidate, PolicyService } from "../policy/policyService";
import { RepositoryPolicies } from "../policy/repositoryPolicies";
import { SecretDetector } from "../secrets/secretDetector";

/** How often the audit is held to its limits, and the pause between two steps of it, in milliseconds. */
const EVERY_MS = 60_000;
const PAUSE_MS = 50;

/** The ledger and what watches over requests with it: audit, policy, and the search for secrets. */
export class Oversight {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly ledger: Ledger,
    readonly audit: AuditService,
    readonly policy: PolicyService,
    readonly detector: SecretDetector,
  ) {
    this.maintainIn(EVERY_MS);
  }

  /** Takes over a configuration. */
  configure(config: EngineConfig): void {
    this.detector.configure(config);
    this.audit.configure(config.audit ?? auditSchema.parse({}));
    this.policy.configure(config.policy ?? { rules: [] });
  }

  /** What the policy would say of a request; nothing is sent. */
  async explain(
    question: PolicyQuestion,
    keys: readonly EngineGatewayKey[],
    candidate: Candidate | undefined,
  ): Promise<PolicyExplanation> {
    const caller = askedCaller(question, keys);
    const found = question.text === undefined ? undefined : await this.detector.redactText(question.text);
    const facts = { ...factsOf(caller, question.task), secrets: found?.kinds ?? [] };
    return this.policy.explain(facts, candidate);
  }

  /** Waits for what is still being written. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.audit.settled();
  }

  private maintainIn(milliseconds: number): void {
    this.timer = setTimeout(() => {
      this.maintainIn(this.audit.maintain() ? PAUSE_MS : EVERY_MS);
    }, milliseconds);
    this.timer.unref();
  }
}

/** Puts ledger, audit and policy together. @param folder the data folder; undefined keeps everything in memory */
export function createOversight(folder: string | undefined, log: Log): Oversight {
  const detector = new SecretDetector();
  const audit = new AuditService({ detector, log, now: Date.now });
  const ledger = new Ledger({ folder, log, onWritten: audit.onWritten });
  audit.use(ledger);
  const path = administratorPolicyPath(process.platform, (name) => process.env[name]);
  const administrator = new AdministratorPolicy(path, { platform: process.platform, uid: 0 });
  return new Oversight(
    ledger,
    audit,
    new PolicyService(administrator, new RepositoryPolicies(), detector),
    detector,
  );
}
