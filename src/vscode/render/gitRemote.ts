/** A git remote's address without the user and password or token that it may have in it. */
export function withoutCredentials(remote: string): string {
  // `user:password@host:path` would be read as an address of the scheme `user`.
  if (!/^[a-z][a-z+]*:\/\//i.test(remote)) {
    // git@host:path, which has no password.
    return /^[\w.-]+@[\w.-]+:[^@]*$/.test(remote) ? remote : remote.replace(/^[^@]*@/, "");
  }
  try {
    const url = new URL(remote);
    // git@ of an ssh address says nothing; anything before the host of another may be a token.
    if (url.protocol !== "ssh:") url.username = "";
    url.password = "";
    url.search = "";
    return url.href;
  } catch {
    return "";
  }
}
