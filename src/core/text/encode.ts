/**
 * Text as base64url of its UTF-8 bytes, and back. `btoa` works on one-byte characters, in pieces so that a long
 * text does not exceed the argument limit of `String.fromCharCode`.
 */
export function toBase64Url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The text again, or undefined where it is not base64url of UTF-8. */
export function fromBase64Url(encoded: string): string | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(encoded)) return undefined;
  try {
    const binary = atob(encoded.replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** base64 of UTF-8 text, as `data:` URLs have it. */
export function toBase64(text: string): string {
  const url = toBase64Url(text).replace(/-/g, "+").replace(/_/g, "/");
  return url + "=".repeat((4 - (url.length % 4)) % 4);
}

/** The text in base64, or undefined where it is not UTF-8. */
export function fromBase64(encoded: string): string | undefined {
  return fromBase64Url(
    encoded.replace(/\s+/g, "").replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, ""),
  );
}

/**
 * A short, stable name for a text: 13 characters of [0-9a-z], 64 bits. Not for secrets. Two 32-bit mixes after
 * MurmurHash3's finaliser.
 */
export function shortHash(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  const value = (BigInt(b >>> 0) << 32n) | BigInt(a >>> 0);
  return value.toString(36).padStart(13, "0");
}

/** base64 of bytes, as an image is sent. */
export function base64OfBytes(bytes: Uint8Array): string {
  const pieces: string[] = [];
  // A multiple of three, so that only the last piece is padded.
  for (let at = 0; at < bytes.length; at += 8190) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 8190))));
  }
  return pieces.join("");
}
