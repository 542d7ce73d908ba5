/**
 * Why Copilot does not take a token; undefined if it may.
 * @see https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
 */
export function tokenFault(token: string): string | undefined {
  if (/^(gho_|ghu_|github_pat_)/.test(token)) return undefined;
  if (token.startsWith("ghp_"))
    return "it is a classic personal access token (ghp_), which Copilot does not take; make a fine-grained one with the permission Copilot Requests";
  if (token.startsWith("ghs_") || token.startsWith("v1."))
    return "it is a token of an app's installation (ghs_), which has no Copilot subscription; use a person's token";
  if (token.startsWith("ghr_")) return "it is a refresh token (ghr_), which only gets new tokens";
  return "it is none of the tokens that Copilot takes: gho_, ghu_ or github_pat_";
}

/** A token as it may be shown: its first ten characters and its last four. */
export function maskedToken(token: string): string {
  return token.length < 20 ? "..." : `${token.slice(0, 10)}...${token.slice(-4)}`;
}
