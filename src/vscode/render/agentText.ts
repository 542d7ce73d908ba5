import type { AgentEvent, AgentOutcome } from "../../core/agent/contract";
import { outcomeText } from "../../core/agent/outcomeText";
import { costLine, type RunCost } from "../../core/agent/runCost";
import { comparisonCost, comparisonTable, resultText, type TaskRun } from "../../core/agent/taskRun";

/** What a run's event adds to a document of Markdown. */
export function eventText(event: AgentEvent): string {
  switch (event.type) {
    case "text":
      return event.text;
    case "reasoning":
      return "";
    case "tool":
      return `\n\n- ${event.name}${event.detail === "" ? "" : ` ${code(event.detail)}`}\n\n`;
    case "toolEnd":
      return event.ok ? "" : `\n\n- ${event.name} ${event.denied ? "was not allowed" : "did not work"}\n\n`;
    case "retry":
      return `\n\n- again, since it failed: ${event.message}\n\n`;
  }
}

/** What stands at the end of a run. */
export function endText(outcome: AgentOutcome, cost: RunCost): string {
  return `\n\n---\n\n${outcomeText(outcome)}\n\n${costLine(cost)}\n`;
}

/** Whether it came to nothing for want of Copilot's program: the reason then names the command that fetches it. */
export function lacksRuntime({ reason }: AgentOutcome): boolean {
  return reason?.includes("Download Copilot Runtime") ?? false;
}

/** A comparison as a document. */
export function comparisonText(runs: readonly TaskRun[]): string {
  const [first] = runs;
  if (!first) return "Nothing was kept of this comparison.\n";
  const outputs = runs.flatMap(({ model, output, passed, reason, end, ...run }) =>
    output === undefined || output === ""
      ? []
      : [
          `## ${model}\n\n${resultText({ ...run, model, passed, reason, end } as TaskRun)}\n\n${fenced(output)}`,
        ],
  );
  return [
    `# ${first.task}`,
    `${first.folder} at ${first.commit.slice(0, 12)}, ${new Date(first.startedAt).toLocaleString()}`,
    comparisonTable(runs),
    `All together: ${comparisonCost(runs)}`,
    'Run "Postern: Open Comparison…" to see what each model has changed.',
    ...outputs,
  ].join("\n\n");
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

/** What a program has said may hold a fence of its own. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
