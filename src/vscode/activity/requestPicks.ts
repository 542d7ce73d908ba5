import type { RequestRecord } from "../../core/governance/requestRecord";
import type { ProviderStatus } from "../../core/rpc/contract";
import { askedText, callerText, dateTimeText, OUTCOME_TEXT } from "../render/requestText";
import { notify } from "../ui/notify";
import { pickStep } from "../ui/steps";

/** A request in a few words. */
export function titleOf(record: RequestRecord): string {
  return `${askedText(record)} ${dateTimeText(record.startedAt).slice(11)}`;
}

/** Lets the person choose one of the requests that the view shows. */
export async function pickRequest(
  requests: readonly RequestRecord[],
  title: string,
): Promise<string | undefined> {
  if (requests.length === 0) {
    notify("info", "There is no other request in the Activity view.");
    return undefined;
  }
  const choices = requests.map((record) => ({
    label: askedText(record),
    description: `${dateTimeText(record.startedAt)} · ${callerText(record)} · ${OUTCOME_TEXT[record.outcome]}`,
    value: record.id,
  }));
  const answer = await pickStep({ title, placeholder: "Which request?", choices });
  return answer.kind === "answer" ? answer.value : undefined;
}

/** Lets the person choose one of the models that there are. */
export async function pickModel(providers: readonly ProviderStatus[]): Promise<string | undefined> {
  const choices = providers.flatMap(({ id, models }) =>
    models.map((model) => ({
      label: `${id}/${model.id}`,
      ...(model.name === undefined ? {} : { description: model.name }),
      value: `${id}/${model.id}`,
    })),
  );
  if (choices.length === 0) {
    notify("info", "No provider has listed a model yet.");
    return undefined;
  }
  const answer = await pickStep({ title: "Replay on Another Model", placeholder: "Which model?", choices });
  return answer.kind === "answer" ? answer.value : undefined;
}
