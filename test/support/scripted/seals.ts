import { createHash } from "node:crypto";

const hash = (purpose: string, text: string): string =>
  createHash("sha256").update(`${purpose} of the scripted provider: ${text}`).digest("base64");

/**
 * Reasoning under a seal that only its issuer can check, as Anthropic's `signature` and OpenAI's `encrypted_content`
 * are: the text itself and a hash of it, so that nothing has to be remembered.
 */
export function sealFor(purpose: "signature" | "encrypted", text: string): string {
  return Buffer.from(JSON.stringify({ text, hash: hash(purpose, text) })).toString("base64");
}

/** The text under a seal; undefined for one that was not issued here. */
export function openSeal(purpose: "signature" | "encrypted", seal: string): string | undefined {
  try {
    const { text, hash: found } = JSON.parse(Buffer.from(seal, "base64").toString("utf8")) as {
      text: string;
      hash: string;
    };
    return found === hash(purpose, text) ? text : undefined;
  } catch {
    return undefined;
  }
}
