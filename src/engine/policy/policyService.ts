import { homedir } from "node:os";
import type { PolicyConfig } from "../../core/config/schema";
import { PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import {
  asksForSecrets,
  decide,
  decideTarget,
  type PolicyDecision,
  type PolicyRefusal,
  policyRuleText,
  type TargetDecision,
} from "../../core/governance/policy/decide";
import { explain, type PolicyExplanation } from "../../core/governance/policy/explain";
import { factsOf, type PolicyFacts, type PolicyTarget } from "../../core/governance/policy/facts";
import { policyHeader } from "../../core/governance/policy/header";
import { settingsSource } from "../../core/governance/policy/parsePolicy";
import { providerClassOf } from "../../core/governance/policy/providerClass";
import { approvedLists, inHome, type PolicySource } from "../../core/governance/policy/sources";
import type { AdministratorPolicy } from "./administratorPolicy";
import type { RepositoryPolicies } from "./repositoryPolicies";

/** Larger bodies are not searched, which counts as if secrets had been found (docs/policy.md). */
const MAX_SEARCHED_BYTES = 16 * 1024 * 1024;

const FRESH_MS = 1_000;
const MAX_FOLDERS = 100;

interface Recent {
  readonly at: number;
  readonly sources: Promise<readonly PolicySource[]>;
  /** Once they have been read: there is no rule in them. */
  isEmpty?: boolean;
}

/** What the policy looks at of a request. */
export interface PolicyRequest {
  readonly caller: Caller;
  /** The request's `x-postern-task`. */
  readonly task?: string | undefined;
  /** The body as JSON text; asked for only where a rule is on secrets. */
  readonly body: () => Buffer;
}

/** A provider and a model that a request may go to. */
export interface Candidate {
  readonly provider: { readonly id: string; readonly baseUrl: string };
  readonly model: string;
}

/** Finds the kinds of secrets in a JSON text. */
export interface SecretFinder {
  kinds(json: string): Promise<readonly string[]>;
}

/** The policy of this machine, of the settings, and of the folders that requests come from. */
export class PolicyService {
  private settings: PolicySource = { origin: "settings", rules: [] };
  private readonly recent = new Map<string | undefined, Recent>();

  constructor(
    private readonly administrator: Pick<AdministratorPolicy, "source">,
    private readonly repositories: Pick<RepositoryPolicies, "source">,
    private readonly secrets: SecretFinder,
    /** Milliseconds of a clock that only goes forward. */
    private readonly now: () => number = () => performance.now(),
    /** What `~` stands for in a workspace's pattern. */
    private readonly home: string = homedir(),
  ) {}

  /** @param policy the settings', or why they cannot be used: then nothing is sent */
  configure(policy: PolicyConfig | { readonly fault: string }): void {
    this.recent.clear();
    this.settings = "fault" in policy ? { origin: "settings", fault: policy.fault } : settingsSource(policy);
  }

  /** The decision where it is known without a look at the request, since there are no rules; else undefined. */
  withoutRules({ workspace }: Caller): RequestPolicy | undefined {
    return this.recentOf(workspace?.folder).isEmpty ? NO_POLICY : undefined;
  }

  /** Decides on a request before its target is looked for. */
  async decide({ caller, task, body }: PolicyRequest): Promise<RequestPolicy> {
    const recent = this.recentOf(caller.workspace?.folder);
    const sources = await recent.sources;
    recent.isEmpty = sources.every((source) => "rules" in source && source.rules.length === 0);
    if (recent.isEmpty) return NO_POLICY;
    const facts = factsOf(caller, task);
    const found = asksForSecrets(facts, sources) ? await this.search(body()) : [];
    const known = found === undefined ? facts : { ...facts, secrets: found };
    return new RequestPolicy(decide(known, sources), approvedLists(sources));
  }

  /** Goes through all rules for a request that somebody asks about. */
  async explain(facts: PolicyFacts, candidate?: Candidate): Promise<PolicyExplanation> {
    const { sources: reading } = this.recentOf(facts.workspace);
    const sources = await reading;
    return explain(facts, sources, candidate && targetOf(candidate, approvedLists(sources)));
  }

  /** Files are looked at again after a second: what is in them holds for requests, and these come by the thousand. */
  private recentOf(folder: string | undefined): Recent {
    const now = this.now();
    const known = this.recent.get(folder);
    if (known && now - known.at < FRESH_MS) return known;
    if (this.recent.size > MAX_FOLDERS) this.recent.clear();
    const recent: Recent = { at: now, sources: this.read(folder) };
    this.recent.set(folder, recent);
    return recent;
  }

  private async read(folder: string | undefined): Promise<readonly PolicySource[]> {
    const [administrator, repository] = await Promise.all([
      this.administrator.source(),
      folder === undefined ? undefined : this.repositories.source(folder),
    ]);
    return [administrator, this.settings, repository].flatMap((source) => {
      if (!source || "fault" in source) return source ?? [];
      return { ...source, rules: inHome(source.rules, this.home) };
    });
  }

  private async search(body: Buffer): Promise<readonly string[] | undefined> {
    return body.length > MAX_SEARCHED_BYTES ? undefined : this.secrets.kinds(body.toString("utf8"));
  }
}

/** What most requests meet. */
const NO_RULES: TargetDecision = Object.freeze({ warnings: [], auditFull: false, redact: false, rules: [] });

/** The policy's decision on one request, asked for each target that it may go to. */
export class RequestPolicy {
  constructor(
    private readonly decision: PolicyDecision,
    private readonly approved: readonly (readonly string[])[],
  ) {}

  /** Refused wherever it would go. */
  get refusal(): PolicyRefusal | undefined {
    return this.decision.refusal;
  }

  /** A rule may want everything kept, perhaps only at some targets. */
  get mayForceAudit(): boolean {
    return this.decision.rules.some(({ rule, origin }) => rule.audit === "full" && origin !== "repository");
  }

  /** Name of the route, or the model id, that serves the request instead of what it asked for. */
  get route(): string | undefined {
    return this.decision.route?.name;
  }

  forTarget(candidate: Candidate): TargetDecision {
    if (this.decision.rules.length === 0 && !this.decision.refusal) return NO_RULES;
    return decideTarget(this.decision, targetOf(candidate, this.approved));
  }

  /** The `policyRule` of the request's record. @param target the decision on the target that was asked last */
  recorded(target?: TargetDecision): string | undefined {
    return policyRuleText(this.decision, target);
  }

  /** The value of `x-postern-policy`; undefined where no rule applied. */
  header(target?: TargetDecision): string | undefined {
    return policyHeader(this.decision, target);
  }
}

/** Where nobody has made a rule. */
const NO_POLICY = new RequestPolicy({ rules: [] }, []);

/** The refusal as the client gets it: 403 in its protocol. */
export function refusalError({ message }: PolicyRefusal): PosternError {
  return new PosternError("policy_refused", message);
}

function targetOf({ provider, model }: Candidate, approved: readonly (readonly string[])[]): PolicyTarget {
  return { provider: provider.id, model, providerClass: providerClassOf(provider.baseUrl, approved) };
}
