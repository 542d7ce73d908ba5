/** The branch that `.git/HEAD` names; undefined where a commit is checked out by itself. */
export function branchOf(head: string): string | undefined {
  const branch = /^ref: refs\/heads\/([^\r\n]+)/.exec(head)?.[1]?.trim();
  return branch === undefined || branch === "" ? undefined : printable(branch);
}

/**
 * The remote's address in a repository's configuration, without credentials: origin's, else the first one's.
 * @param config text of `.git/config`
 */
export function remoteOf(config: string): string | undefined {
  let section: string | undefined;
  let first: string | undefined;
  for (const line of config.split(/\r?\n/)) {
    const header = /^\s*\[\s*([a-z]+)(?:\s+"([^"]*)")?\s*\]/i.exec(line);
    if (header) {
      section = header[1]?.toLowerCase() === "remote" ? (header[2] ?? "") : undefined;
      continue;
    }
    const url = section === undefined ? undefined : /^\s*url\s*=\s*"?([^"#;\s]+)/i.exec(line)?.[1];
    if (url === undefined) continue;
    if (section === "origin") return withoutCredentials(url);
    first ??= url;
  }
  return first === undefined ? undefined : withoutCredentials(first);
}

/**
 * An address without the name, password or token that it may hold, and without query and fragment.
 * `https://token@host/x.git` and `user:password@host:x.git` alike; a bare `git@` is a login everybody has, and goes too.
 */
export function withoutCredentials(remote: string): string {
  const [address = ""] = remote.split(/[?#]/);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(address)?.[0] ?? "";
  const rest = address.slice(scheme.length);
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  // A password may hold an @ of its own, so the last one counts.
  const at = authority.lastIndexOf("@");
  return printable(scheme + rest.slice(at + 1));
}

/** A repository chooses these texts; they go into rows, headers and views. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, "").slice(0, 300);
}
