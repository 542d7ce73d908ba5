import { PosternError } from "../errors";

/** A request that cannot be carried out as it is; the text says what in it, never what it says. */
export function invalid(message: string): PosternError {
  return new PosternError("invalid_request", message);
}
