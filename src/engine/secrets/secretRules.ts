/**
 * secretlint's recommended rules, a file of its own in the package (dist/secretRules.js), loaded when a policy or the
 * audit first looks for secrets. The rules are run as they are; of secretlint's own machinery nothing is needed, since
 * a text is in memory and nothing is reported to anybody.
 */
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import type { Detect, Finding } from "../../core/governance/secrets/finding";

/** The part of secretlint's contract that its rules use (@secretlint/types, SecretLintRuleCreator). */
interface Rule {
  readonly meta: { readonly id: string };
  create(context: object, options: object): { file(source: object): unknown };
}

/**
 * filter-comments: a comment in a text must not switch the search off. gcp: looks at files of certain names, and what
 * it finds there the rule on private keys finds too.
 */
const LEFT_OUT = /-(filter-comments|gcp)$/;
const PREFIX = "@secretlint/secretlint-rule-";

const kept = (rules as unknown as readonly Rule[]).filter(({ meta }) => !LEFT_OUT.test(meta.id));

/** The rules, each as a search of its own, so that others have their turn between them. */
export const keptRules: readonly Detect[] = kept.map((rule) => {
  const kind = rule.meta.id.slice(PREFIX.length);
  return (text) => {
    const findings: Finding[] = [];
    const context = {
      report: ({ range: [start, end] }: { readonly range: readonly [number, number] }) =>
        findings.push({ start, end, kind }),
      ignore: () => {},
      // Messages quote the secret; nobody reads them.
      createTranslator: () => () => ({ message: "", messageId: "" }),
    };
    rule.create(context, {}).file({ content: text, contentType: "text", filePath: "text", ext: ".txt" });
    return findings;
  };
});
