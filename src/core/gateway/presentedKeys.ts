/** The four headers that tools send a key in (design, section 5). */
export const KEY_HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"] as const;

/** The keys a request presents; some tools send one in two headers, and either may be the right one. */
export function presentedKeys(header: (name: string) => string | undefined): string[] {
  const keys: string[] = [];
  for (const name of KEY_HEADERS) {
    const value = header(name)?.trim();
    if (!value) continue;
    const key = name === "authorization" ? /^Bearer\s+(\S+)$/i.exec(value)?.[1] : value;
    if (key !== undefined) keys.push(key);
  }
  return keys;
}
