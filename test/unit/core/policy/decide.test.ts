import { describe, expect, it, test } from "vitest";
import { policySchema } from "../../../../src/core/config/schema";
import {
  asksForSecrets,
  decide,
  decideTarget,
  policyRuleText,
} from "../../../../src/core/governance/policy/decide";
import { explain } from "../../../../src/core/governance/policy/explain";
import { explanationLines } from "../../../../src/core/governance/policy/explanationText";
import { factsOf, type PolicyFacts } from "../../../../src/core/governance/policy/facts";
import { policyHeader } from "../../../../src/core/governance/policy/header";
import { administratorSource, repositorySource } from "../../../../src/core/governance/policy/parsePolicy";
import { providerClassOf } from "../../../../src/core/governance/policy/providerClass";
import { approvedLists, type PolicySource } from "../../../../src/core/governance/policy/sources";
import { matchesGlob } from "../../../../src/core/text/glob";
import { POLICY_CASES, type PolicyCase, targetOf } from "./cases";

const NOBODY: PolicyFacts = { labels: {}, tasks: [], secrets: [] };

function sourcesOf(rules: PolicyCase["rules"]): PolicySource[] {
  return Object.entries(rules).map(([origin, list]) => ({
    origin: origin as PolicySource["origin"],
    ...policySchema.parse({ rules: list }),
  }));
}

describe("the table of policy cases", () => {
  it.each(POLICY_CASES)("$says", ({ rules, facts, targets = [], expect: wanted }) => {
    const given = sourcesOf(rules);
    const request = { ...NOBODY, ...facts };
    for (const sources of [given, given.toReversed()]) {
      const decision = decide(request, sources);
      const decided = targets.map((text) => ({ text, ...decideTarget(decision, targetOf(text)) }));
      const refused = decided.find(({ refusal }) => refusal);
      const [first] = decided;
      expect({
        open: decided.filter(({ refusal }) => !refusal).map(({ text }) => text),
        refusedBy: refused?.refusal?.rule,
        route: decision.route?.name,
      }).toEqual({ open: wanted.open ?? targets, refusedBy: wanted.refusedBy, route: wanted.route });
      if (refused) expect(refused.refusal?.message).toContain(wanted.refusedBy);
      else
        expect({
          warnings: first?.warnings.map(({ message }) => message),
          audit: first?.auditFull,
          redact: first?.redact,
        }).toEqual({
          warnings: wanted.warnings ?? [],
          audit: wanted.audit ?? false,
          redact: wanted.redact ?? false,
        });
      if (wanted.recorded !== undefined) expect(policyRuleText(decision, first)).toBe(wanted.recorded);
    }
  });
});

describe("a repository", () => {
  const source = (value: unknown) => repositorySource(JSON.stringify(value), "/w/.postern.json");

  it("restricts", () => {
    expect(source({ policy: { rules: [{ name: "inside", allow: ["azure/*"] }] } })).toMatchObject({
      origin: "repository",
      rules: [{ name: "inside", allow: ["azure/*"] }],
    });
  });

  it.each([
    ["sends nothing elsewhere", { policy: { rules: [{ name: "x", route: "evil" }] } }],
    ["has nothing kept", { policy: { rules: [{ name: "x", audit: "full" }] } }],
    ["approves no host", { policy: { approved: ["*"], rules: [] } }],
    ["configures nothing else", { providers: [], policy: { rules: [] } }],
    ["does not flood", { policy: { rules: Array(101).fill({ name: "x", refuse: true }) } }],
    ["says something", null],
    ["has no empty rule", { policy: { rules: [{ name: "does nothing" }] } }],
  ])("%s: refused, and with it every request", (_, value) => {
    const found = source(value);
    expect(found).toHaveProperty("fault");
    const decision = decide(NOBODY, [found]);
    expect(decision.refusal?.message).toContain("/w/.postern.json");
    expect(decideTarget(decision, targetOf("azure/x")).refusal).toBeDefined();
  });

  it("is not quoted where it is wrong: it may be a file that was never meant to be read", () => {
    for (const text of [
      "root:x:0:0:secret-word",
      '{"secret-word": 1}',
      '{"policy":{"rules":[{"secret-word":1}]}}',
    ]) {
      const found = repositorySource(text, "/w/.postern.json");
      expect(JSON.stringify(found)).toContain("fault");
      expect(JSON.stringify(found)).not.toContain("secret-word");
    }
  });

  it("cannot route or keep even if such a rule got past the schema", () => {
    const rules = policySchema.parse({ rules: [{ name: "x", route: "evil", audit: "full" }] }).rules;
    const decision = decide(NOBODY, [{ origin: "repository", rules }]);
    expect(decision.route).toBeUndefined();
    expect(decideTarget(decision, targetOf("azure/x")).auditFull).toBe(false);
  });
});

describe("an administrator's file", () => {
  it("has the form of the settings, with or without `policy` around it, and comments", () => {
    const rules = '"rules": [{ "name": "a", "refuse": true }], // why\n';
    const plain = administratorSource(`{ ${rules} }`, "/etc/postern/policy.json");
    expect(plain).toMatchObject({ origin: "administrator", rules: [{ name: "a" }] });
    expect(administratorSource(`{ "policy": { ${rules} } }`, "/etc/postern/policy.json")).toEqual(plain);
  });

  it.each([
    ["{", "not valid JSON"],
    ['{"rules":[{"name":"a","allows":["x"],"refuse":true}]}', "rules[0].allows unknown field"],
    ['{"rules":[{"name":"a"}]}', "has no effect"],
    ['{"rules":[{"name":"a","route":"r","when":{"providerClass":"local"}}]}', "route cannot depend"],
    ["[]", "/etc/postern/policy.json"],
  ])("%s refuses everything and says why", (text, reason) => {
    const decision = decide(NOBODY, [administratorSource(text, "/etc/postern/policy.json")]);
    expect(decision.refusal?.message).toContain(reason);
    expect(decision.refusal?.rule).toBeUndefined();
    expect(policyRuleText(decision)).toBe("(administrator)");
    expect(policyHeader(decision)).toBe('"policy cannot be read";from=administrator;refused');
  });
});

test("a request is searched for secrets only where a rule that otherwise fits asks for it", () => {
  const sources = sourcesOf({
    settings: [{ name: "s", when: { secrets: true, task: "incident" }, refuse: true }],
  });
  expect(asksForSecrets(NOBODY, sources)).toBe(false);
  expect(asksForSecrets({ ...NOBODY, tasks: ["incident"] }, sources)).toBe(true);
});

test("what a caller makes known: its key's task stays, whatever the request says", () => {
  const facts = factsOf(
    {
      kind: "gatewayKey",
      name: "k",
      labels: { task: "incident", team: "web" },
      workspace: { folder: "/w", remote: "git@github.com:a/b.git", trusted: false },
    },
    "code",
  );
  expect(facts).toEqual({
    labels: { task: "incident", team: "web" },
    tasks: ["code", "incident"],
    workspace: "/w",
    remote: "git@github.com:a/b.git",
    trusted: false,
  });
});

describe("the class of a provider", () => {
  it.each([
    ["http://localhost:11434/v1", [], "local"],
    ["http://127.0.0.5", [], "local"],
    ["http://[::1]:8080", [], "local"],
    ["http://192.168.1.4/v1", [], "external"],
    ["https://api.openai.com/v1", [], "external"],
    ["https://acme.openai.azure.com", [["*.openai.azure.com"]], "approved"],
    ["https://acme.openai.azure.com.evil.example", [["*.openai.azure.com"]], "external"],
    ["https://a.example", [["a.example"], ["b.example"]], "external"],
    ["https://a.example", [["A.example"], ["*.example"]], "approved"],
    ["https://127.0.0.1.evil.example", [], "external"],
    ["not an address", [["*"]], "external"],
  ])("%s with %j is %s", (url, approved, wanted) => {
    expect(providerClassOf(url, approved)).toBe(wanted);
  });

  it("is approved only by all who have a list", () => {
    const lists = approvedLists([
      { origin: "settings", rules: [], approved: ["*"] },
      { origin: "administrator", rules: [], approved: ["a.example"] },
    ]);
    expect(providerClassOf("https://b.example", lists)).toBe("external");
    expect(providerClassOf("https://a.example", lists)).toBe("approved");
  });
});

test("a pattern with many stars costs no more than its length times the text's", () => {
  // A regular expression of this form does not come to an end within a lifetime.
  expect(matchesGlob(`${"*a".repeat(2_000)}b`, "a".repeat(20_000))).toBe(false);
});

test("the header names each rule, its origin and its effects, in characters that a header may have", () => {
  const sources = sourcesOf({
    settings: [{ name: 'für "alle"\r\nx: y', allow: ["azure/*"], warn: true }],
    repository: [{ name: "clean", redact: true }],
  });
  const decision = decide(NOBODY, sources);
  const header = policyHeader(decision, decideTarget(decision, targetOf("openai/x")));
  expect(header).toBe(
    '"f?r \\"alle\\"??x: y";from=settings;allow;warn;refused, "clean";from=repository;redact',
  );
  expect(policyHeader(decide(NOBODY, []))).toBeUndefined();
});

test("an explanation names the verdict, the request, and every rule with each condition", () => {
  const sources = sourcesOf({
    settings: [
      { name: "incidents stay inside", when: { task: "incident" }, allow: ["azure/*"] },
      { name: "web", when: { label: { team: "web" }, trusted: true }, redact: true },
    ],
  });
  const facts = { ...NOBODY, tasks: ["incident"], labels: { team: "api" }, workspace: "/w" };
  expect(
    explanationLines(explain(facts, sources, targetOf("openai/gpt-5.4"))).join("\n"),
  ).toMatchInlineSnapshot(`
    "Refused. The policy rule "incidents stay inside" of your settings allows only azure/* here, not openai/gpt-5.4.

    The request
      workspace   /w
      git remote  unknown
      trusted     unknown
      labels      team=api
      task        incident
      secrets     none
      target      openai/gpt-5.4 (external)

    Rules that apply
      "incidents stay inside" of your settings: allow
        fits    task: wants incident; the request has incident

    Rules that do not apply
      "web" of your settings: redact
        differs trusted: wants yes; the request has unknown
        differs label: wants team=web; the request has team=api"
  `);
});
