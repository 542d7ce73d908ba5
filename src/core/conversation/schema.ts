import { asArray, isObject, type JsonObject, lookup, type MutableJson } from "../json/access";

/** What an adaptation took out, by keyword. */
type Report = (keyword: string) => void;

/** Nested deeper than any model would follow; bounds the recursion on hostile input. */
const MAX_DEPTH = 64;

/**
 * Rewrites every schema inside a schema, from the inside out. Only where a schema can stand is looked at: a property
 * that happens to be called `default` is no keyword.
 */
function rewrite(schema: JsonObject, change: (copy: MutableJson) => void, depth = 0): JsonObject {
  if (depth > MAX_DEPTH) return {};
  const child = (value: unknown): unknown => (isObject(value) ? rewrite(value, change, depth + 1) : value);
  const copy: MutableJson = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "__proto__") continue;
    if (
      ["properties", "$defs", "definitions", "patternProperties", "dependentSchemas"].includes(key) &&
      isObject(value)
    ) {
      copy[key] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, child(inner)]));
    } else if (["anyOf", "oneOf", "allOf", "prefixItems"].includes(key) && Array.isArray(value)) {
      copy[key] = value.map(child);
    } else if (
      ["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"].includes(
        key,
      )
    ) {
      copy[key] = Array.isArray(value) ? value.map(child) : child(value);
    } else copy[key] = value;
  }
  change(copy);
  return copy;
}

/**
 * Keywords that Gemini's OpenAI-compatible endpoint refuses a request for
 * (https://ai.google.dev/api/caching#Schema lists the ones it has).
 */
const GEMINI_REFUSES = [
  "$schema",
  "$id",
  "$comment",
  "additionalProperties",
  "patternProperties",
  "unevaluatedProperties",
  "propertyNames",
  "dependentSchemas",
  "dependentRequired",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "uniqueItems",
  "contains",
  "examples",
  "default",
  "if",
  "then",
  "else",
  "not",
  "readOnly",
  "writeOnly",
  "deprecated",
  "contentEncoding",
  "contentMediaType",
];
/** Taking these away changes no rule, so it is not worth a report. */
const ANNOTATIONS = [
  "$schema",
  "$id",
  "$comment",
  "examples",
  "default",
  "readOnly",
  "writeOnly",
  "deprecated",
];

export function forGemini(schema: JsonObject, report: Report): JsonObject {
  return rewrite(inlineRefs(schema), (copy) => {
    for (const keyword of GEMINI_REFUSES) {
      if (!(keyword in copy)) continue;
      delete copy[keyword];
      if (!ANNOTATIONS.includes(keyword)) report(keyword);
    }
    if ("const" in copy) {
      if (typeof copy.const === "string") copy.enum = [copy.const];
      else report("const");
      delete copy.const;
    }
    if (Array.isArray(copy.oneOf)) {
      copy.anyOf = copy.oneOf;
      delete copy.oneOf;
    }
    if (Array.isArray(copy.type)) {
      const types = copy.type.filter((type) => type !== "null");
      if (types.length < copy.type.length) copy.nullable = true;
      if (types.length === 1) copy.type = types[0];
      else {
        copy.anyOf = types.map((type) => ({ type }));
        delete copy.type;
      }
    }
    if (typeof copy.format === "string" && !["date-time", "enum"].includes(copy.format)) delete copy.format;
  });
}

/** Puts local definitions where they are referred to; one that refers to itself becomes an object of any kind. */
function inlineRefs(schema: JsonObject): JsonObject {
  const definitions = { ...asDefinitions(schema.definitions), ...asDefinitions(schema.$defs) };
  if (Object.keys(definitions).length === 0) return schema;
  let budget = 2000;
  const walk = (value: unknown, path: readonly string[]): unknown => {
    if (budget-- <= 0 || path.length > MAX_DEPTH) return { type: "object" };
    if (Array.isArray(value)) return value.map((item) => walk(item, path));
    if (!isObject(value)) return value;
    const name =
      typeof value.$ref === "string" ? /^#\/(?:\$defs|definitions)\/(.+)$/.exec(value.$ref)?.[1] : undefined;
    const target = lookup(definitions, name);
    if (name !== undefined && target !== undefined) {
      const { $ref: _, ...siblings } = value;
      if (path.includes(name)) return { type: "object", ...siblings };
      return { ...(walk(target, [...path, name]) as JsonObject), ...siblings };
    }
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== "$defs" && key !== "definitions")
        .map(([key, inner]) => [key, walk(inner, path)]),
    );
  };
  return walk(schema, []) as JsonObject;
}

function asDefinitions(value: unknown): Record<string, JsonObject> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, JsonObject] => isObject(entry[1])),
  );
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations */
const ANTHROPIC_FORMAT_REFUSES = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "maxItems",
  "uniqueItems",
];

/** A schema for the answer of a Claude model: closed objects, and none of the keywords it does not enforce. */
export function forAnthropicFormat(schema: JsonObject, report: Report): JsonObject {
  return rewrite(schema, (copy) => {
    delete copy.$schema;
    for (const keyword of ANTHROPIC_FORMAT_REFUSES) {
      if (!(keyword in copy)) continue;
      delete copy[keyword];
      report(keyword);
    }
    if (typeof copy.minItems === "number" && copy.minItems > 1) {
      delete copy.minItems;
      report("minItems");
    }
    if ((copy.type === "object" || isObject(copy.properties)) && copy.additionalProperties !== false) {
      if ("additionalProperties" in copy) report("additionalProperties");
      copy.additionalProperties = false;
    }
  });
}

/** The parameters of a tool as Anthropic takes them: an object at the top, without alternatives beside it. */
export function forAnthropicTool(schema: JsonObject | undefined, report: Report): JsonObject {
  if (schema === undefined) return { type: "object", properties: {} };
  const { oneOf, anyOf, allOf, ...rest } = schema;
  const alternatives = [oneOf, anyOf, allOf].flatMap(asArray).filter(isObject);
  if (alternatives.length === 0) {
    return schema.type === "object" ? schema : { ...schema, type: "object" };
  }
  report(oneOf ? "oneOf" : anyOf ? "anyOf" : "allOf");
  const properties = Object.assign(
    {},
    ...alternatives.map((part) => part.properties ?? {}),
    rest.properties ?? {},
  );
  return { ...rest, type: "object", properties };
}

/**
 * Whether OpenAI takes a schema in strict mode: every object closed, every property required
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas). In strict mode any other schema is
 * an error, so it is sent without.
 */
export function isStrictSchema(schema: unknown, depth = 0): boolean {
  if (!isObject(schema)) return true;
  if (depth > MAX_DEPTH) return false;
  if (
    ["allOf", "not", "if", "oneOf", "patternProperties", "dependentSchemas"].some(
      (keyword) => keyword in schema,
    )
  ) {
    return false;
  }
  if (schema.type === "object" || isObject(schema.properties)) {
    const names = Object.keys(isObject(schema.properties) ? schema.properties : {});
    const required = asArray(schema.required);
    if (schema.additionalProperties !== false || !names.every((name) => required.includes(name)))
      return false;
  }
  const children = [
    ...Object.values(isObject(schema.properties) ? schema.properties : {}),
    ...Object.values(isObject(schema.$defs) ? schema.$defs : {}),
    ...Object.values(isObject(schema.definitions) ? schema.definitions : {}),
    ...asArray(schema.anyOf),
    schema.items,
  ];
  return children.every((child) => isStrictSchema(child, depth + 1));
}
