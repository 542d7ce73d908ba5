/** Whose models they are, for VS Code: in the manifest's `languageModelChatProviders` and in front of every model's id. */
export const CHAT_VENDOR = "postern";
