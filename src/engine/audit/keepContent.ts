import type { AuditEntry, KeptText } from "../../core/governance/audit/auditEntry";
import { withoutLooseEnd } from "../../core/governance/audit/cutText";
import { searchableText } from "../../core/governance/audit/searchableText";
import { wholeAnswer } from "../../core/governance/audit/wholeAnswer";
import type { RequestRecord } from "../../core/governance/requestRecord";
import type { SecretDetector } from "../secrets/secretDetector";
import type { StoredContent } from "./auditStore";
import type { Collected, CollectedContent } from "./auditTrail";
import { sha256 } from "./chain";
import { CODING, compress } from "./compression";

/** What is searched of each side: earlier turns of a conversation were searched with the requests that had them. */
const SEARCHED_CHARACTERS = 100_000;

export interface PreparedContent {
  readonly entry: Extract<AuditEntry, { kind: "content" }>;
  readonly stored: StoredContent;
}

/** Makes what passed ready to be written: put together, without its secrets, compressed. */
export async function prepareContent(
  record: RequestRecord,
  content: CollectedContent,
  detector: Pick<SecretDetector, "redactJson" | "redactText">,
): Promise<PreparedContent> {
  const asked = await kept(textOf(content.request), content.request, detector);
  const { answer } = content;
  const said = wholeAnswer(record.protocolIn, textOf(answer), answer.keptBytes < answer.bytes);
  const answered = await kept(said, answer, detector);
  return {
    entry: {
      kind: "content",
      id: record.id,
      ...(asked ? { request: asked.meta } : {}),
      ...(answered ? { answer: answered.meta } : {}),
    },
    stored: {
      coding: CODING,
      ...(asked ? { request: asked.compressed } : {}),
      ...(answered ? { answer: answered.compressed } : {}),
      searchable: {
        request: searchableText(asked?.text ?? "").slice(-SEARCHED_CHARACTERS),
        answer: searchableText(answered?.text ?? "").slice(0, SEARCHED_CHARACTERS),
      },
    },
  };
}

interface Kept {
  readonly text: string;
  readonly meta: KeptText;
  readonly compressed: Buffer;
}

async function kept(
  text: string,
  { bytes, keptBytes }: Collected,
  detector: Pick<SecretDetector, "redactJson" | "redactText">,
): Promise<Kept | undefined> {
  if (bytes === 0) return undefined;
  const whole = keptBytes < bytes ? withoutLooseEnd(text) : text;
  const isJson = /^\s*[{[]/.test(whole);
  const redacted = isJson ? await detector.redactJson(whole) : await detector.redactText(whole);
  return {
    text: redacted.text,
    meta: { sha256: sha256(redacted.text), bytes, keptBytes, redacted: redacted.kinds },
    compressed: await compress(redacted.text),
  };
}

function textOf({ pieces }: Collected): string {
  return Buffer.concat(pieces).toString("utf8");
}
