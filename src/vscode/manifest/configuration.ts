import * as z from "zod";
import {
  auditSchema,
  budgetSchema,
  gatewayKeySchema,
  gatewaySchema,
  ledgerSchema,
  policySchema,
  providerSchema,
  quotaSchema,
  routeSchema,
  routingSchema,
} from "../../core/config/schema";
import { DEFAULT_LINGER_SECONDS, STATUS_BAR_FORMS, TIGHTEST } from "../settings/snapshot";
import { TERMINAL_TOOL_TEXTS, TERMINAL_TOOLS } from "../terminal/tools";

/** A piece of JSON Schema as it stands in package.json. */
export type JsonSchema = { [key: string]: unknown };

const ENVIRONMENT_ONLY = "^\\$\\{env:[A-Za-z_][A-Za-z0-9_]*\\}$";

/** `contributes.configuration`: the settings, their schema generated from the one that checks them. */
export function configuration(): JsonSchema {
  const gateway = properties(schemaOf(gatewaySchema));
  const routing = properties(schemaOf(routingSchema));
  const ledger = properties(schemaOf(ledgerSchema));
  const audit = properties(schemaOf(auditSchema));
  const policy = properties(schemaOf(policySchema));
  const settings: Record<string, JsonSchema> = {
    "postern.providers": {
      type: "array",
      default: [],
      markdownDescription:
        "Your model providers, in the order in which they are asked for a model. Add one with **Postern: Add Provider**. Keys are not kept here but in the secret storage.",
      items: providerItems(),
    },
    "postern.gateway.host": { ...gateway.host },
    "postern.gateway.port": { ...gateway.port },
    "postern.gateway.autoStart": {
      type: "boolean",
      default: false,
      description: "Start the gateway together with VS Code.",
    },
    "postern.gateway.maxRunning": { ...gateway.maxRunning },
    "postern.gateway.keys": {
      type: "array",
      default: [],
      markdownDescription:
        "Gateway keys: who is let in, and what each may do. Made by **Postern: New Gateway Key**, of which only a hash stands here, or named by an environment variable.",
      items: gatewayKeyItems(),
      // Each machine has its own: one that was rotated elsewhere would lock out what runs here.
      ignoreSync: true,
    },
    "postern.budgets": {
      type: "array",
      default: [],
      markdownDescription:
        "What may be spent, and when it begins anew. Change them with **Postern: Add Budget** and **Raise Budget**.",
      items: schemaOf(budgetSchema),
    },
    "postern.quota.balances": { ...properties(schemaOf(quotaSchema)).balances },
    "postern.terminal.tools": {
      type: "array",
      default: [],
      uniqueItems: true,
      markdownDescription:
        "For which tools new terminals of a trusted workspace get the gateway's address and a gateway key of the folder's own, while the gateway runs. Each request is then known to come from that folder and its branch.",
      items: {
        type: "string",
        enum: [...TERMINAL_TOOLS],
        enumDescriptions: TERMINAL_TOOLS.map((tool) => TERMINAL_TOOL_TEXTS[tool]),
      },
    },
    "postern.statusBar.limit": {
      type: "string",
      default: TIGHTEST,
      markdownDescription:
        "Which limit the status bar shows: `tightest`, `none`, or the one chosen with **Postern: Choose Status Bar Limit**.",
    },
    "postern.statusBar.form": {
      type: "string",
      enum: [...STATUS_BAR_FORMS],
      default: "amount",
      description: "Whether the status bar shows what is left in percent, or in dollars, tokens or requests.",
    },
    "postern.routes": {
      type: "array",
      default: [],
      markdownDescription:
        "Model ids of your own, each with the models behind it: the first that answers serves the request. Change them in the **Routes** view.",
      items: schemaOf(routeSchema),
    },
    "postern.routing.maxAttempts": { ...routing.maxAttempts },
    "postern.routing.maxWaitSeconds": { ...routing.maxWaitSeconds },
    "postern.ledger.retentionDays": { ...ledger.retentionDays },
    "postern.ledger.maxMb": { ...ledger.maxMb },
    "postern.audit.level": { ...audit.level },
    "postern.audit.retentionDays": { ...audit.retentionDays },
    "postern.audit.maxMb": { ...audit.maxMb },
    "postern.audit.keys": { ...audit.keys },
    "postern.audit.workspaces": { ...audit.workspaces },
    "postern.policy.rules": { ...policy.rules },
    "postern.policy.approved": { default: [], ...policy.approved },
    "postern.engine.lingerSeconds": {
      type: "integer",
      default: DEFAULT_LINGER_SECONDS,
      minimum: 0,
      maximum: 86_400,
      description:
        "How long the engine stays after the last window has gone, in seconds, so that a reload does not cut a running tool. At most 10 on Windows.",
    },
    "postern.engine.keepRunning": {
      type: "boolean",
      default: false,
      description: "Keep the engine and its gateway running when no window is open.",
    },
  };
  const entries = Object.entries(settings).map(([name, schema], order) => [
    name,
    // A workspace must not be able to send a key elsewhere, open the port or loosen a rule.
    { ...schema, scope: "application", order },
  ]);
  return { title: "Postern", properties: Object.fromEntries(entries) };
}

function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, $defs: __, ...rest } = z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
  return rest;
}

function providerItems(): JsonSchema {
  const items = schemaOf(providerSchema);
  const fields = properties(items);
  // zod describes any JSON by a recursive reference, which cannot be resolved inside the schema of all settings.
  fields.extraBody = { type: "object", description: fields.extraBody?.description };
  for (const name of ["apiKey", "bearerToken"]) fields[name] = environmentOnly(fields[name]);
  return { ...items, properties: fields };
}

function gatewayKeyItems(): JsonSchema {
  const items = schemaOf(gatewayKeySchema);
  const fields = properties(items);
  fields.key = environmentOnly(fields.key);
  return { ...items, properties: fields };
}

/** The editor marks a literal key while it is typed. */
function environmentOnly(field: JsonSchema | undefined): JsonSchema {
  return {
    ...field,
    pattern: ENVIRONMENT_ONLY,
    patternErrorMessage:
      "A key does not belong into the settings. Use 'Postern: Set Key', or write ${env:NAME}.",
  };
}

function properties(schema: JsonSchema): Record<string, JsonSchema> {
  return { ...(schema.properties as Record<string, JsonSchema>) };
}
