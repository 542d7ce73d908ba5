import type { PolicyFacts, PolicyTarget } from "../../../../src/core/governance/policy/facts";
import type { PolicyOrigin } from "../../../../src/core/governance/policy/sources";

/** What a rule may look like in a file. */
type RawRule = Record<string, unknown>;

/** A case of the table: rules by origin, a request, and what has to come of it. */
export interface PolicyCase {
  readonly says: string;
  readonly rules: Partial<Record<PolicyOrigin, readonly RawRule[]>>;
  readonly facts?: Partial<PolicyFacts>;
  /** `provider/model`, or `provider/model as class`; several are tried one after the other. */
  readonly targets?: readonly string[];
  readonly expect: {
    /** The targets that may be asked; all of them if left out. */
    readonly open?: readonly string[];
    /** The rule that refuses the first target that is refused. */
    readonly refusedBy?: string;
    readonly route?: string;
    readonly warnings?: readonly string[];
    readonly audit?: true;
    readonly redact?: true;
    /** The rules' names as they stand in the record of a request to the first target. */
    readonly recorded?: string;
  };
}

const stayInside = { name: "incidents stay inside", when: { task: "incident" }, allow: ["azure/*"] };
const both = ["azure/gpt-4o", "openai/gpt-5.4"];

export function targetOf(text: string): PolicyTarget {
  const [id = "", providerClass = "external"] = text.split(" as ");
  const slash = id.indexOf("/");
  return {
    provider: id.slice(0, slash),
    model: id.slice(slash + 1),
    providerClass: providerClass as PolicyTarget["providerClass"],
  };
}

export const POLICY_CASES: readonly PolicyCase[] = [
  { says: "no rule changes nothing", rules: {}, targets: both, expect: {} },
  {
    says: "the rule of the design keeps an incident at Azure",
    rules: { settings: [stayInside] },
    facts: { tasks: ["incident"] },
    targets: both,
    expect: { open: ["azure/gpt-4o"], refusedBy: "incidents stay inside", recorded: "incidents stay inside" },
  },
  {
    says: "another task is left alone",
    rules: { settings: [stayInside] },
    facts: { tasks: ["documentation"] },
    targets: both,
    expect: {},
  },
  {
    says: "the key's task counts beside the one that the request names",
    rules: { settings: [stayInside] },
    facts: { tasks: ["documentation", "Incident"] },
    targets: both,
    expect: { open: ["azure/gpt-4o"], refusedBy: "incidents stay inside" },
  },
  {
    says: "two lists leave what both allow",
    rules: {
      administrator: [{ name: "a", allow: ["azure/*", "ollama/*"] }],
      settings: [{ name: "b", allow: ["ollama/*", "openai/*"] }],
    },
    targets: ["ollama/qwen3", "azure/gpt-4o", "openai/gpt-5.4"],
    expect: { open: ["ollama/qwen3"], refusedBy: "b", recorded: "a, b" },
  },
  {
    says: "two lists with nothing in common leave nothing",
    rules: {
      settings: [{ name: "a", allow: ["azure/*"] }],
      repository: [{ name: "b", allow: ["openai/*"] }],
    },
    targets: both,
    expect: { open: [], refusedBy: "b", recorded: "b" },
  },
  {
    says: "a repository cannot give back what the settings took",
    rules: {
      settings: [{ name: "only azure", allow: ["azure/*"] }],
      repository: [{ name: "everything", allow: ["*", "*/*"] }],
    },
    targets: both,
    expect: { open: ["azure/gpt-4o"], refusedBy: "only azure" },
  },
  {
    says: "the settings cannot give back what the administrator took",
    rules: {
      administrator: [{ name: "no openai", allow: ["azure"] }],
      settings: [{ name: "openai", allow: ["openai/*", "azure/*"] }],
    },
    targets: both,
    expect: { open: ["azure/gpt-4o"], refusedBy: "no openai" },
  },
  {
    says: "an empty list allows nothing",
    rules: { repository: [{ name: "no models here", allow: [] }] },
    targets: both,
    expect: { open: [], refusedBy: "no models here" },
  },
  {
    says: "a model's id may have slashes, and a provider alone stands for all its models",
    rules: { settings: [{ name: "some", allow: ["openrouter/anthropic/*", "ollama"] }] },
    targets: ["openrouter/anthropic/claude-opus", "ollama/library/qwen3", "openrouter/openai/gpt-5.4"],
    expect: { open: ["openrouter/anthropic/claude-opus", "ollama/library/qwen3"], refusedBy: "some" },
  },
  {
    says: "a model's name does not pass for a provider's",
    rules: { settings: [{ name: "some", allow: ["azure"] }] },
    targets: ["openai/azure", "azurelike/gpt"],
    expect: { open: [], refusedBy: "some" },
  },
  {
    says: "refuse wins over allow, whatever the order",
    rules: {
      administrator: [{ name: "fine", allow: ["*"] }],
      settings: [{ name: "stop", refuse: "ask Ada first" }, stayInside],
    },
    targets: both,
    expect: { open: [], refusedBy: "stop", recorded: "stop" },
  },
  {
    says: "of two that refuse the administrator's is named",
    rules: {
      repository: [{ name: "c", refuse: true }],
      settings: [{ name: "b", refuse: true }],
      administrator: [{ name: "a", refuse: true }],
    },
    targets: both,
    expect: { open: [], refusedBy: "a" },
  },
  {
    says: "an effect that is false is none",
    rules: { settings: [{ name: "x", refuse: false, redact: false, warn: "look" }] },
    targets: both,
    expect: { warnings: ["look"], recorded: "x" },
  },
  {
    says: "the first route wins, and the administrator's comes before the settings'",
    rules: {
      settings: [{ name: "s", route: "fast" }],
      administrator: [
        { name: "a1", route: "inside" },
        { name: "a2", route: "other" },
      ],
    },
    targets: both,
    expect: { route: "inside", recorded: "a1, a2, s" },
  },
  {
    says: "a route does not open what a list closes",
    rules: {
      settings: [
        { name: "r", route: "openai/gpt-5.4" },
        { name: "l", allow: ["azure/*"] },
      ],
    },
    targets: both,
    expect: { route: "openai/gpt-5.4", open: ["azure/gpt-4o"], refusedBy: "l" },
  },
  {
    says: "every warning is given, keeping and redacting add up",
    rules: {
      administrator: [{ name: "keep", audit: "full" }],
      settings: [
        { name: "w1", warn: "one" },
        { name: "clean", redact: true },
      ],
      repository: [{ name: "w2", warn: true }],
    },
    targets: both,
    expect: {
      warnings: ["one", 'The policy rule "w2" applies.'],
      audit: true,
      redact: true,
      recorded: "keep, w1, clean, w2",
    },
  },
  {
    says: "a class of providers is judged target by target",
    rules: { settings: [{ name: "nothing leaves", when: { providerClass: "external" }, refuse: true }] },
    targets: ["openai/gpt-5.4 as external", "azure/gpt-4o as approved", "ollama/qwen3 as local"],
    expect: { open: ["azure/gpt-4o as approved", "ollama/qwen3 as local"], refusedBy: "nothing leaves" },
  },
  {
    says: "several classes",
    rules: {
      settings: [{ name: "only here", when: { providerClass: ["external", "approved"] }, refuse: true }],
    },
    targets: ["openai/gpt-5.4 as external", "azure/gpt-4o as approved", "ollama/qwen3 as local"],
    expect: { open: ["ollama/qwen3 as local"], refusedBy: "only here" },
  },
  {
    says: "secrets to an external provider are taken out, to a local one they are left",
    rules: {
      settings: [{ name: "clean", when: { secrets: true, providerClass: "external" }, redact: true }],
    },
    facts: { secrets: ["github"] },
    targets: ["openai/gpt-5.4 as external"],
    expect: { redact: true, recorded: "clean" },
  },
  {
    says: "… and the local one",
    rules: {
      settings: [{ name: "clean", when: { secrets: true, providerClass: "external" }, redact: true }],
    },
    facts: { secrets: ["github"] },
    targets: ["ollama/qwen3 as local"],
    expect: {},
  },
  {
    says: "no secret, no rule on secrets",
    rules: { settings: [{ name: "no secrets", when: { secrets: true }, refuse: true }] },
    facts: { secrets: [] },
    targets: both,
    expect: {},
  },
  {
    says: "a kind of secret",
    rules: { settings: [{ name: "no cloud keys", when: { secrets: ["aws", "priv*"] }, refuse: true }] },
    facts: { secrets: ["github", "privatekey"] },
    targets: both,
    expect: { open: [], refusedBy: "no cloud keys" },
  },
  {
    says: "a request that nobody could search counts as one with secrets",
    rules: { settings: [{ name: "no cloud keys", when: { secrets: ["aws"] }, refuse: true }] },
    facts: { secrets: undefined } as unknown as Partial<PolicyFacts>,
    targets: both,
    expect: { open: [], refusedBy: "no cloud keys" },
  },
  {
    says: "a workspace, and what is inside it",
    rules: { settings: [{ name: "w", when: { workspace: "/home/ada/clients/*" }, allow: ["azure/*"] }] },
    facts: { workspace: "/home/ada/clients/acme/api" },
    targets: both,
    expect: { open: ["azure/gpt-4o"], refusedBy: "w" },
  },
  {
    says: "a star does not reach over a folder",
    rules: { settings: [{ name: "w", when: { workspace: "/home/*/acme" }, refuse: true }] },
    facts: { workspace: "/home/ada/clients/acme" },
    targets: both,
    expect: {},
  },
  {
    says: "two stars do",
    rules: { settings: [{ name: "w", when: { workspace: ["/nowhere", "**/acme"] }, refuse: true }] },
    facts: { workspace: "/home/ada/clients/acme" },
    targets: both,
    expect: { open: [], refusedBy: "w" },
  },
  {
    says: "Windows' paths, in either way of writing and of any case",
    rules: { settings: [{ name: "w", when: { workspace: "C:/Work/Acme" }, refuse: true }] },
    facts: { workspace: "c:\\work\\acme\\api" },
    targets: both,
    expect: { open: [], refusedBy: "w" },
  },
  {
    says: "a folder elsewhere does not fit by its name alone",
    rules: { settings: [{ name: "w", when: { workspace: "/home/ada/acme" }, refuse: true }] },
    facts: { workspace: "/tmp/home/ada/acme" },
    targets: both,
    expect: {},
  },
  {
    says: "no workspace fits no path",
    rules: { settings: [{ name: "w", when: { workspace: "**" }, refuse: true }] },
    targets: both,
    expect: {},
  },
  ...[
    "git@github.com:acme/api.git",
    "https://token@github.com/acme/api",
    "ssh://git@github.com:22/Acme/api/",
  ].map(
    (remote): PolicyCase => ({
      says: `a remote, written ${remote}`,
      rules: { settings: [{ name: "r", when: { remote: "github.com/acme/*" }, allow: ["azure/*"] }] },
      facts: { remote },
      targets: both,
      expect: { open: ["azure/gpt-4o"], refusedBy: "r" },
    }),
  ),
  {
    says: "a remote of another host with the same path",
    rules: { settings: [{ name: "r", when: { remote: "github.com/acme/*" }, refuse: true }] },
    facts: { remote: "https://evil.example/github.com/acme/api" },
    targets: both,
    expect: {},
  },
  {
    says: "untrusted fits a workspace that is not trusted",
    rules: { settings: [{ name: "t", when: { trusted: false }, allow: ["ollama/*"] }] },
    facts: { trusted: false, workspace: "/w" },
    targets: both,
    expect: { open: [], refusedBy: "t" },
  },
  {
    says: "… and a request from nobody knows where",
    rules: { settings: [{ name: "t", when: { trusted: false }, allow: ["ollama/*"] }] },
    targets: both,
    expect: { open: [], refusedBy: "t" },
  },
  {
    says: "… but not a trusted one",
    rules: { settings: [{ name: "t", when: { trusted: false }, allow: ["ollama/*"] }] },
    facts: { trusted: true, workspace: "/w" },
    targets: both,
    expect: {},
  },
  {
    says: "all labels have to fit, by globs and of any case",
    rules: { settings: [{ name: "l", when: { label: { team: "Web*", bucket: "r?d" } }, refuse: true }] },
    facts: { labels: { team: "web-eu", bucket: "RnD", more: "x" } },
    targets: both,
    expect: { open: [], refusedBy: "l" },
  },
  {
    says: "one label of two is not enough",
    rules: { settings: [{ name: "l", when: { label: { team: "web", bucket: "rnd" } }, refuse: true }] },
    facts: { labels: { team: "web" } },
    targets: both,
    expect: {},
  },
  {
    says: "all conditions have to fit",
    rules: {
      settings: [
        { name: "all", when: { task: "incident", label: { team: "web" }, trusted: true }, refuse: true },
      ],
    },
    facts: { tasks: ["incident"], labels: { team: "web" }, trusted: false },
    targets: both,
    expect: {},
  },
];
