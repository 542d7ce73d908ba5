/** The wire protocols that clients and providers speak: Chat Completions, Responses and Messages. */
export type WireProtocol = "chat" | "responses" | "messages";

/** The protocol's name as its makers write it, for messages to people. */
export const PROTOCOL_NAME: Record<WireProtocol, string> = {
  chat: "Chat Completions",
  responses: "Responses",
  messages: "Messages",
};
