import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { validateConfig } from "../../src/core/config/parse";
import {
  auditSchema,
  budgetSchema,
  configSchema,
  credentialSchema,
  gatewayKeySchema,
  gatewaySchema,
  modelSchema,
  policyRuleSchema,
  policySchema,
  providerSchema,
  quotaSchema,
  routeSchema,
  routeTargetSchema,
} from "../../src/core/config/schema";
import { configuration } from "../../src/vscode/manifest/configuration";

interface Field {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly anyOf?: readonly Field[];
  readonly default?: unknown;
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly properties?: Readonly<Record<string, Field>>;
}

interface Fields {
  readonly properties: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

/** The tables of docs/configuration.md say what the schema does; `UPDATE_DOCS=1` writes them anew. */
const path = resolve(import.meta.dirname, "../../docs/configuration.md");

function schemaOf(schema: z.ZodType): Fields {
  return z.toJSONSchema(schema, { io: "input" }) as unknown as Fields;
}

const file = schemaOf(configSchema);
const settings = (configuration() as unknown as Fields).properties;
const shared =
  /^postern\.(providers|budgets|quota\.balances|gateway\.(host|port|maxRunning|keys)|audit\..*|policy\..*)$/;
const TABLES: Readonly<Record<string, Fields>> = {
  provider: schemaOf(providerSchema),
  credential: { properties: credentialFields() },
  route: schemaOf(routeSchema),
  routeTarget: schemaOf(routeTargetSchema),
  model: schemaOf(modelSchema),
  gateway: schemaOf(gatewaySchema),
  gatewayKey: schemaOf(gatewayKeySchema),
  budget: schemaOf(budgetSchema),
  quota: schemaOf(quotaSchema),
  audit: schemaOf(auditSchema),
  policy: schemaOf(policySchema),
  policyRule: schemaOf(policyRuleSchema),
  file: {
    properties: only(
      file.properties,
      (name) => !/^(providers|gateway|budgets|quota|audit|policy)$/.test(name),
    ),
  },
  vscode: { properties: only(settings, (name) => !shared.test(name)) },
};

function only(fields: Fields["properties"], wanted: (name: string) => boolean): Fields["properties"] {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => wanted(name)));
}

/** Each kind has fields of its own; all have a label. */
function credentialFields(): Fields["properties"] {
  const fields: Record<string, Field> = {};
  for (const option of credentialSchema.options) {
    const { label, kind, ...own } = schemaOf(option).properties;
    const name = option.shape.kind.value;
    fields.label = label ?? {};
    fields[`kind: ${name}`] = { type: "string", ...(kind ?? {}) };
    for (const [field, value] of Object.entries(own)) fields[`${name}: ${field}`] = value;
  }
  return fields;
}

/** A field that has fields of its own is told by them. */
function rowsOf({ properties, required = [] }: Fields, prefix = ""): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    if (field.properties) return rowsOf({ properties: field.properties }, `${prefix}${name}.`);
    return [
      [`\`${prefix}${name}\``, kindOfValue(field), defaultOf(field, required.includes(name)), textOf(field)],
    ];
  });
}

function kindOfValue(field: Field): string {
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.anyOf) return [...new Set(field.anyOf.map(kindOfValue))].join(", ");
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(", ");
  const names: Readonly<Record<string, string>> = {
    string: "text",
    integer: "number",
    number: "number",
    boolean: "true, false",
    array: "list",
  };
  return names[field.type ?? ""] ?? "object";
}

function defaultOf(field: Field, required: boolean): string {
  if (required) return "must be given";
  return field.default === undefined || typeof field.default === "object"
    ? ""
    : `\`${String(field.default)}\``;
}

function textOf({ description, markdownDescription }: Field): string {
  return (description ?? markdownDescription ?? "").replaceAll("|", "\\|");
}

/** Without the padding that a formatter puts into tables. */
const plain = (markdown: string) => markdown.replace(/ +/g, " ").replace(/-{3,}/g, "---").trim();

test.each(Object.entries(TABLES))("docs/configuration.md has every field of: %s", (name, fields) => {
  const rows = rowsOf(fields);
  for (const row of rows) expect(row[3], `${row[0]} has no description`).not.toBe("");
  const wanted = [["field", "value", "default", "what it is"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
  const text = readFileSync(path, "utf8");
  const begin = `<!-- table: ${name} -->\n`;
  const start = text.indexOf(begin) + begin.length;
  const stop = text.indexOf("<!-- end -->", start);
  expect(start).toBeGreaterThan(begin.length);
  if (process.env.UPDATE_DOCS) writeFileSync(path, `${text.slice(0, start)}${wanted}\n${text.slice(stop)}`);
  else expect(plain(text.slice(start, stop))).toBe(plain(wanted));
});

test("the configuration that the README shows is valid", () => {
  const readme = readFileSync(resolve(import.meta.dirname, "../../README.md"), "utf8");
  const examples = [...readme.matchAll(/```jsonc\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(validateConfig(JSON.parse(example))).toMatchObject({ ok: true });
});
