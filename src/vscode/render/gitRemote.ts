/** A git remote's address without the user and password or token that it may have in it. */
export function withoutCredentials(remote: string): string {
  try {
    const url = new URL(remote);
    // git@ of an ssh address says nothing; anything before the host of another may be a token.
    if (url.protocol !== "ssh:") url.username = "";
    url.password = "";
    url.search = "";
    return url.href;
  } catch {
    // git@host:path, which is no URL and has no password.
    return /^[\w.-]+@[\w.-]+:[^@]*$/.test(remote) ? remote : remote.replace(/^[^@]*@/, "");
  }
}
