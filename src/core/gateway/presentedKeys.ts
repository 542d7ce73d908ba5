/** The four headers that tools send a key in (design, section 5). */
export const KEY_HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"] as const;

/** The keys a request presents; some tools send one in two headers, and either may be the right one. */
export function presentedKeys(header: (name: string) => string | undefined): string[] {
  return KEY_HEADERS.flatMap((name) => {
    const value = header(name)?.trim();
    if (!value) return [];
    if (name !== "authorization") return [value];
    const bearer = /^Bearer\s+(\S+)$/i.exec(value)?.[1];
    return bearer ? [bearer] : [];
  });
}
