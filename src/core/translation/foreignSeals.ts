import { isWrapped } from "../conversation/seal";
import { asArray, asObject, isObject, type JsonObject } from "../json/access";
import type { WireProtocol } from "../protocols/wire";

/** What is in a body that needs `withoutForeignSeals`: a text that begins with our mark; to be looked for in its bytes. */
export const SEAL_MARK = '"postern1.';

/**
 * A request without the reasoning that another provider had issued under our mark: where a client goes over from a
 * translated provider to one of its own protocol, that one would refuse a signature it did not make.
 */
export function withoutForeignSeals(protocol: WireProtocol, body: JsonObject): JsonObject {
  if (protocol === "messages") {
    const messages = asArray(body.messages).map((message) => {
      if (!isObject(message) || !Array.isArray(message.content)) return message;
      return {
        ...message,
        content: message.content.filter((block) => !isForeign(asObject(block).signature)),
      };
    });
    return { ...body, messages: messages.filter((message) => !isEmptied(message)) };
  }
  if (protocol === "responses" && Array.isArray(body.input)) {
    return { ...body, input: body.input.filter((item) => !isForeign(asObject(item).encrypted_content)) };
  }
  return body;
}

function isForeign(value: unknown): boolean {
  return typeof value === "string" && isWrapped(value);
}

/** A turn of nothing but foreign thinking. */
function isEmptied(message: unknown): boolean {
  const { content } = asObject(message);
  return Array.isArray(content) && content.length === 0;
}
