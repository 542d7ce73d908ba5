/** Between the three protocols: what the engine calls where client and provider speak different ones. */
export { isEventStream, ProviderAnswerError, type TranslatedAnswer, translateResponse } from "./answer";
export type { AnswerSource, Surroundings } from "./codecs";
export type { ResponseContext } from "./context";
export { errorFor, type TranslatedError, translateError } from "./error";
export { SEAL_MARK, withoutForeignSeals } from "./foreignSeals";
export { NEUTRAL_STREAM, neutralEvent } from "./neutralStream";
export {
  type NeutralRequest,
  neutralRequest,
  type RequestTranslation,
  type TranslatedRequest,
  translateRequest,
} from "./request";
export { createStreamTranslator, type StreamTranslator, type StreamTranslatorOptions } from "./stream";
