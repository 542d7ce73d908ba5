import type { ProviderType } from "../../core/config/schema";
import { cleanPastedKey, foreignKeyOwner } from "../../core/providers/pastedKey";
import { confirm } from "../ui/notify";
import { type Answer, type InputStep, inputStep } from "../ui/steps";

/** Whose key is asked for. */
export interface KeyOwner {
  readonly type: ProviderType;
  readonly baseUrl: string;
  readonly name: string;
}

/**
 * Asks for a key and makes it ready to store. A key that seems to belong to another company is asked about: sent to the
 * wrong one it would have to be revoked.
 * @returns undefined as the value if the key is optional and was left empty
 */
export async function askKey(
  owner: KeyOwner,
  step: Omit<InputStep, "validate" | "password">,
  optional: boolean,
): Promise<Answer<string | undefined>> {
  const answer = await inputStep({
    ...step,
    password: true,
    validate: (text) => {
      if (optional && text.trim() === "") return undefined;
      const cleaned = cleanPastedKey(text);
      return cleaned.ok ? undefined : cleaned.fault;
    },
  });
  if (answer.kind !== "answer") return answer;
  const cleaned = cleanPastedKey(answer.value);
  if (!cleaned.ok) return { kind: "answer", value: undefined };
  const foreign = foreignKeyOwner(cleaned.key, owner);
  if (foreign !== undefined) {
    const sure = await confirm(
      `This looks like a key of ${foreign}.`,
      `It would be sent to ${owner.baseUrl}. Use it for ${owner.name} all the same?`,
      "Use It",
      // The Enter that ended the input, held a moment too long, must not send the key.
      "Enter Another Key",
    );
    if (!sure) return askKey(owner, step, optional);
  }
  return { kind: "answer", value: cleaned.key };
}
