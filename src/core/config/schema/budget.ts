import * as z from "zod";
import { periodSchema } from "./period";
import { text } from "./text";

const narrowScopeSchema = z
  .strictObject({
    provider: text.optional().describe("A provider's id."),
    model: z
      .string()
      .regex(/^[^/\s]+\/\S+$/, "must be provider/model")
      .optional()
      .describe("A model, as provider/model."),
    key: text.optional().describe("A gateway key's name."),
    extension: text.optional().describe("An extension that asks in VS Code, such as github.copilot-chat."),
    workspace: text.optional().describe("A workspace folder's path."),
    label: z
      .string()
      .regex(/^[^=\s]+=.+$/, "must be name=value")
      .optional()
      .describe("A gateway key's label, as name=value."),
    tool: text.optional().describe("A program, as the ledger names it, such as claude-code."),
  })
  .refine((scope) => Object.values(scope).filter((part) => part !== undefined).length === 1, {
    message: "needs exactly one of provider, model, key, extension, workspace, label, tool",
  });

const scopeSchema = z
  .union([z.literal("all"), narrowScopeSchema], {
    error: (issue) =>
      typeof issue.input === "object" ? undefined : 'must be "all", or an object such as { "key": "ci" }',
  })
  .default("all")
  .describe("What counts: all requests, or those of one thing. Everything that counts shares the budget.");

export const budgetSchema = z
  .strictObject({
    name: text.describe("A name of your own, which messages give."),
    scope: scopeSchema,
    usd: z.number().min(0).optional().describe("How many US dollars may be spent in each period."),
    tokens: z.int().min(0).optional().describe("How many tokens, those read and those written together."),
    requests: z.int().min(0).optional().describe("How many requests."),
    period: periodSchema,
    hard: z
      .boolean()
      .default(true)
      .describe("true: what would go beyond is refused. false: it is only warned about."),
    warnAt: z
      .number()
      .gt(0)
      .max(1)
      .default(0.8)
      .describe("From which part of the budget on is warned, 0.8 for four fifths."),
    unpriced: z
      .enum(["allow", "refuse"])
      .default("allow")
      .describe(
        "What becomes of a request whose price is not known, where the budget is in dollars: such a request cannot be counted.",
      ),
  })
  .refine(
    ({ usd, tokens, requests }) => [usd, tokens, requests].filter((n) => n !== undefined).length === 1,
    {
      message: "needs exactly one of usd, tokens and requests",
    },
  )
  .describe("A budget.");

export type BudgetConfig = z.output<typeof budgetSchema>;
export type BudgetScope = BudgetConfig["scope"];
