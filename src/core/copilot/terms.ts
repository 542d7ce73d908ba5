import { asObject } from "../json/access";

/** What a person confirms once before a subscription is used; what GitHub's pages say, in short. */
export const TERMS_NOTICE = [
  "A Copilot subscription is for one person. GitHub's Terms of Service forbid sharing an account, and more than one free account for a person or organization.",
  "Several accounts here must all be your own, or given to you by your organization.",
  "GitHub's Acceptable Use Policies forbid excessive automated bulk activity and undue load, and GitHub may limit or suspend an account for it. What your tools send through Postern counts as your use, and costs premium requests.",
  "Postern asks GitHub through its own Copilot SDK, on this machine only, and makes no request look like another to save premium requests.",
].join("\n\n");

/** Where GitHub says so itself. */
export const TERMS_PAGES = [
  "https://docs.github.com/site-policy/github-terms/github-terms-of-service",
  "https://docs.github.com/site-policy/acceptable-use-policies/github-acceptable-use-policies",
  "https://docs.github.com/site-policy/github-terms/github-terms-for-additional-products-and-features",
] as const;

/** What must be said of a subscription before anything is sent. */
export function copilotFaults(
  entry: unknown,
  index: number,
): { readonly path: string; readonly message: string }[] {
  const { copilot, models } = asObject(entry);
  const problems: { path: string; message: string }[] = [];
  if (asObject(copilot).acceptedTerms !== true) {
    problems.push({
      path: `providers[${index}].copilot.acceptedTerms`,
      message: `must be true, which says that you have read this: ${TERMS_NOTICE.replaceAll("\n\n", " ")} See ${TERMS_PAGES.join(" and ")}`,
    });
  }
  if (models !== undefined) {
    problems.push({
      path: `providers[${index}].models`,
      message:
        "must be left out: the subscription says which models there are; use modelOverrides to change them",
    });
  }
  return problems;
}
