/** Requests into each protocol: a file of its own in the package, since both engine and windows make them. */
export { encodeChatRequest } from "../protocols/chat/encodeRequest";
export { encodeMessagesRequest } from "../protocols/messages/encodeRequest";
export { encodeResponsesRequest } from "../protocols/responses/encodeRequest";
