import { asNumber, asString, isObject, type JsonObject, nonEmpty, parseJson } from "../json/access";
import { readErrorBody } from "../protocols/providerError";
import { redacted } from "../providers/redact";

/** What is looked through of a provider's error: the cause stands at its beginning. */
const LOOKED_AT = 4096;
const SHOWN = 300;

/** A provider's error, taken apart. */
export interface ProviderWords {
  /** Message, code, type and status in one text, to be looked through. */
  readonly text: string;
  /** The message alone; undefined where there is none that could be read. */
  readonly message: string | undefined;
}

/** Reads an error's own words out of any of the shapes in use. */
export function providerWords(bodyText: string, status: number): ProviderWords {
  const { message } = readErrorBody(bodyText, status);
  const parsed = parseJson(bodyText);
  const body = Array.isArray(parsed) ? parsed[0] : parsed;
  const plain = bodyText.trim();
  const readable = isObject(body) ? saysSomething(body) : plain !== "" && !plain.startsWith("<");
  const marks = isObject(body)
    ? [...marksOf(body), ...(isObject(body.error) ? marksOf(body.error) : [])]
    : [];
  const said = readable ? message : "";
  return {
    text: [said, ...marks].join(" \n").slice(0, LOOKED_AT),
    message: said === "" ? undefined : said,
  };
}

/** xAI has the message in `error` and a sentence in `code`; Google has words in `status`. */
function marksOf(body: JsonObject): string[] {
  return [body.code, body.type, body.status, body.param, reasonOf(body.details)].flatMap((mark) => {
    const text = asString(mark) ?? asNumber(mark)?.toString();
    return text === undefined ? [] : [text.slice(0, 200)];
  });
}

/** Google's `details: [{ reason: "API_KEY_INVALID" }]`. */
function reasonOf(details: unknown): string | undefined {
  const first = Array.isArray(details)
    ? details.find((detail) => isObject(detail) && detail.reason)
    : undefined;
  return isObject(first) ? nonEmpty(first.reason) : undefined;
}

function saysSomething(body: JsonObject): boolean {
  const inner = isObject(body.error) ? body.error : body;
  return [inner.message, body.error, body.message, body.detail, inner.msg].some(
    (text) => nonEmpty(text) !== undefined || Array.isArray(text),
  );
}

/** What looks like a credential, whoever's it is: providers quote a part of the one that they refuse. */
const SECRET_LIKE =
  /\b(?:sk|pk|rk|gsk|xai|pst|hf|ghp|gho|AIza|key|or)[-_][A-Za-z0-9_*.-]{4,}|\bAIza[A-Za-z0-9_-]{4,}|\beyJ[A-Za-z0-9_.-]{10,}|[A-Za-z0-9+/_-]{32,}={0,2}|[A-Za-z0-9]{1,8}\*{3,}[A-Za-z0-9]{0,8}/g;
const ACCOUNT_LIKE = /[\w.+-]+@[\w-]+\.[\w.]+|\b(?:org|proj|user|team)[-_][A-Za-z0-9]{6,}/g;

/** A provider's message as it may be shown to the person: one line, short, without credentials and accounts. */
export function shownWords(message: string, secrets: readonly string[]): string {
  const line = redacted(message, secrets)
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .replace(SECRET_LIKE, "[redacted]")
    .replace(ACCOUNT_LIKE, "[redacted]");
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN - 1)}…`;
}
