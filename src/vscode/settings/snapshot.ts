import * as z from "zod";
import { type CheckedBudget, checkBudgets } from "../../core/config/budgets";
import { type CheckedGatewayKey, checkGatewayKeys } from "../../core/config/gatewayKeys";
import { type CheckedProvider, checkProviders } from "../../core/config/parse";
import { type ConfigProblem, problemsOf } from "../../core/config/problems";
import { type CheckedRoute, checkRoutes } from "../../core/config/routes";
import {
  type AuditConfig,
  auditSchema,
  gatewaySchema,
  type LedgerConfig,
  ledgerSchema,
  type PolicyConfig,
  policySchema,
  quotaSchema,
  type RoutingConfig,
  routingSchema,
} from "../../core/config/schema";
import { text } from "../../core/config/schema/text";
import { type TerminalTool, terminalToolsSchema } from "../terminal/tools";

/** Looks up a setting below `postern.`, as the user wrote it; a workspace's value is never among them. */
export type RawSettings = (key: string) => unknown;

/** The settings, checked. A faulty part does not take the others with it. */
export interface Settings {
  readonly providers: readonly CheckedProvider[];
  readonly host: string;
  readonly port: number;
  readonly maxRunning: number;
  readonly keys: readonly CheckedGatewayKey[];
  readonly routes: readonly CheckedRoute[];
  readonly routing: RoutingConfig;
  readonly budgets: readonly CheckedBudget[];
  /** Whether providers may be asked what money is left there. */
  readonly balances: boolean;
  /** Which tools a workspace's terminals have a gateway key for. */
  readonly terminalTools: readonly TerminalTool[];
  /** Which limit the status bar shows: its id, `tightest`, or `none`. */
  readonly statusBarLimit: string;
  readonly statusBarForm: StatusBarForm;
  readonly ledger: LedgerConfig;
  readonly audit: AuditConfig;
  /** The rules, or why they cannot be used: then nothing is sent. */
  readonly policy: PolicyConfig | { readonly fault: string };
  readonly autoStart: boolean;
  readonly lingerSeconds: number;
  readonly keepRunning: boolean;
  /** What is wrong with settings other than the lists above; the default is used instead. */
  readonly problems: readonly ConfigProblem[];
}

/** How the status bar shows what is left: in percent, or in dollars, tokens, requests. */
export const STATUS_BAR_FORMS = ["percent", "amount"] as const;
export type StatusBarForm = (typeof STATUS_BAR_FORMS)[number];

/** The status bar shows whatever is nearest to its end. */
export const TIGHTEST = "tightest";

export const DEFAULT_LINGER_SECONDS = 60;

/** Reads and checks the settings. */
export function readSettings(raw: RawSettings): Settings {
  const problems: ConfigProblem[] = [];
  const checked = <T>(
    key: string,
    parse: (value: unknown) => { data?: T; fault?: string },
    fallback: T,
  ): T => {
    const value = raw(key);
    if (value === undefined || value === null) return fallback;
    const { data, fault } = parse(value);
    if (data !== undefined) return data;
    problems.push({
      path: `postern.${key}`,
      message: `${fault ?? "is not valid"}; ${JSON.stringify(fallback)} is used`,
    });
    return fallback;
  };
  const defaults = gatewaySchema.parse({});
  const routing = routingSchema.parse({});
  const ledger = ledgerSchema.parse({});
  const audit = auditSchema.parse({});
  const auditField = <K extends keyof AuditConfig>(name: K): AuditConfig[K] =>
    checked<AuditConfig[K]>(
      `audit.${name}`,
      zodField<AuditConfig[K]>(auditSchema.shape[name] as unknown as Checker<AuditConfig[K]>),
      audit[name],
    );
  const policy = checkedPolicy(raw);
  problems.push(...policy.problems);
  const flag = (value: unknown): { data?: boolean; fault?: string } =>
    typeof value === "boolean" ? { data: value } : { fault: "must be true or false" };
  return {
    providers: checkProviders(raw("providers"), "settings"),
    host: checked("gateway.host", zodField(gatewaySchema.shape.host), defaults.host),
    port: checked("gateway.port", zodField(gatewaySchema.shape.port), defaults.port),
    maxRunning: checked("gateway.maxRunning", zodField(gatewaySchema.shape.maxRunning), defaults.maxRunning),
    keys: checkGatewayKeys(raw("gateway.keys")),
    routes: checkRoutes(raw("routes")),
    routing: {
      maxAttempts: checked(
        "routing.maxAttempts",
        zodField(routingSchema.shape.maxAttempts),
        routing.maxAttempts,
      ),
      maxWaitSeconds: checked(
        "routing.maxWaitSeconds",
        zodField(routingSchema.shape.maxWaitSeconds),
        routing.maxWaitSeconds,
      ),
    },
    budgets: checkBudgets(raw("budgets")),
    balances: checked("quota.balances", flag, quotaSchema.parse({}).balances),
    terminalTools: checked("terminal.tools", zodField(terminalToolsSchema), []),
    statusBarForm: checked("statusBar.form", zodField(z.enum(STATUS_BAR_FORMS)), "amount"),
    statusBarLimit: checked("statusBar.limit", zodField(text), TIGHTEST),
    ledger: {
      retentionDays: checked(
        "ledger.retentionDays",
        zodField(ledgerSchema.shape.retentionDays),
        ledger.retentionDays,
      ),
      maxMb: checked("ledger.maxMb", zodField(ledgerSchema.shape.maxMb), ledger.maxMb),
    },
    audit: {
      level: auditField("level"),
      retentionDays: auditField("retentionDays"),
      maxMb: auditField("maxMb"),
      keys: auditField("keys"),
      workspaces: auditField("workspaces"),
    },
    policy: policy.policy,
    autoStart: checked("gateway.autoStart", flag, false),
    lingerSeconds: checked("engine.lingerSeconds", seconds, DEFAULT_LINGER_SECONDS),
    keepRunning: checked("engine.keepRunning", flag, false),
    problems,
  };
}

/** A rule that cannot be read might be the one that protects, so a fault in one stops everything. */
function checkedPolicy(raw: RawSettings): {
  readonly policy: Settings["policy"];
  readonly problems: readonly ConfigProblem[];
} {
  const rules = raw("policy.rules") ?? [];
  const approved = raw("policy.approved") ?? undefined;
  // An empty list is what VS Code shows where nothing was set; it would approve nobody.
  const given = Array.isArray(approved) && approved.length === 0 ? {} : { approved };
  const parsed = policySchema.safeParse({ rules, ...given }, { reportInput: true });
  if (parsed.success) return { policy: parsed.data, problems: [] };
  const problems = problemsOf(parsed.error, ["postern", "policy"]).map(({ path, message }) => ({
    path,
    message: `${message}; no request is sent until this is mended`,
  }));
  const [first] = problemsOf(parsed.error, ["postern", "policy"]);
  return {
    policy: { fault: `${first?.path ?? "postern.policy"} ${first?.message ?? "is not valid"}.` },
    problems,
  };
}

interface Checker<T> {
  safeParse(value: unknown): {
    success: boolean;
    data?: T;
    error?: { issues: readonly { message: string }[] };
  };
}

function zodField<T>(schema: Checker<T>): (value: unknown) => { data?: T; fault?: string } {
  return (value) => {
    const { data, error } = schema.safeParse(value);
    return data !== undefined ? { data } : { fault: error?.issues[0]?.message ?? "is not valid" };
  };
}

function seconds(value: unknown): { data?: number; fault?: string } {
  const fits = typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 86_400;
  return fits ? { data: value } : { fault: "must be a whole number of seconds from 0 to 86400" };
}
