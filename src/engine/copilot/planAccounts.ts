import { PosternError } from "../../core/errors";
import type { Candidate } from "../routing/candidate";
import type { Plan } from "../routing/router";
import type { CopilotService } from "./copilotService";

const isCopilot = ({ target }: Candidate): boolean => target.provider.config.type === "copilot";

/** Whether a Copilot subscription is among a plan's targets. */
export function asksCopilot({ candidates }: Plan): boolean {
  return candidates.some(isCopilot);
}

/**
 * A plan in which a Copilot subscription has only the accounts that may answer.
 * @param named the account that the client has named, if any
 * @throws PosternError where no target is left
 */
export async function planAccounts(
  plan: Plan,
  named: string | undefined,
  copilot: Pick<CopilotService, "withAccounts">,
): Promise<Plan> {
  const candidates: Candidate[] = [];
  let fault: PosternError | undefined;
  for (const candidate of plan.candidates) {
    try {
      candidates.push(
        isCopilot(candidate)
          ? { ...candidate, target: await copilot.withAccounts(candidate.target, named) }
          : candidate,
      );
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      fault ??= thrown;
    }
  }
  if (candidates.length === 0 && fault) throw fault;
  return { ...plan, candidates };
}
