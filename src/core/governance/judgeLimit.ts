import { PosternError } from "../errors";
import type { Limit } from "./limits";
import { amountText, limitTitle, resetText, wholePercent } from "./limitText";
import type { TimeRange } from "./period";

/** A running request ends within seconds to minutes; asking again sooner is of no use. */
const RUNNING_RETRY_SECONDS = 5;

/** How a limit stands when a request asks to be let through. */
export interface LimitStanding {
  readonly range: TimeRange;
  readonly spent: number;
  /** Set aside for requests that are running. */
  readonly reserved: number;
}

/** Either the request fits, perhaps with a word of warning, or it does not. */
export type Judgement =
  | { readonly kind: "fits"; readonly warning?: string }
  | { readonly kind: "refused"; readonly error: PosternError };

/**
 * Whether a request may go out, as far as one limit goes.
 * @param wanted what it may use at most; undefined where that cannot be told, which is a price that is not known
 * @param now milliseconds since the epoch
 */
export function judgeLimit(
  limit: Limit,
  { range, spent, reserved }: LimitStanding,
  wanted: number | undefined,
  now: number,
): Judgement {
  const title = limitTitle(limit);
  if (wanted === undefined) {
    const text = `${title} cannot count this request, because the model's price is not known. Give the model a price in its provider's configuration`;
    if (!limit.hard || limit.unpriced === "allow") return { kind: "fits", warning: `${text}.` };
    const hint = `${text}, or set "unpriced" of the budget to "allow".`;
    return refused(hint, { status: 403 });
  }
  const used = spent + reserved;
  const beyond = used + wanted > limit.amount;
  if (beyond && limit.hard) return refusal(limit, { range, spent, reserved }, wanted, now);
  if ((used + wanted) / limit.amount < limit.warnAt) return { kind: "fits" };
  const state = beyond ? "is used up" : `is used to ${wholePercent(used, limit.amount)}`;
  const warning = `${title} ${state}: ${amountText(limit.measure, used)} of ${amountText(limit.measure, limit.amount)}. ${resetText(range, now)}`;
  return { kind: "fits", warning };
}

function refusal(
  limit: Limit,
  { range, spent, reserved }: LimitStanding,
  wanted: number,
  now: number,
): Judgement {
  const amount = (value: number) => amountText(limit.measure, value);
  const held = reserved > 0 ? `, ${amount(reserved)} are set aside for running requests` : "";
  const cost = limit.measure === "requests" ? "" : ` This request may take up to ${amount(wanted)}.`;
  const facts = `${limitTitle(limit)} allows ${amount(limit.amount)}: ${amount(spent)} are spent${held}.${cost}`;
  const raise = `To raise it, run "Postern: ${limit.of === "budget" ? "Raise Budget" : "Edit Gateway Key Limits"}" in VS Code or change the configuration.`;
  // What is set aside is mostly more than what it will have been.
  if (reserved > 0 && spent + wanted <= limit.amount) {
    return refused(`${facts} Try again when they have ended. ${raise}`, {
      retryAfterSeconds: RUNNING_RETRY_SECONDS,
    });
  }
  const seconds = Math.max(1, Math.ceil((range.until - now) / 1000));
  return refused(
    `${facts} ${resetText(range, now)} ${raise}`,
    limit.period === "total" ? {} : { retryAfterSeconds: seconds },
  );
}

function refused(message: string, details: ConstructorParameters<typeof PosternError>[2]): Judgement {
  return { kind: "refused", error: new PosternError("budget_exceeded", message, details) };
}
