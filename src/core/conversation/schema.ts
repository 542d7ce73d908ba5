import { asArray, isObject, type JsonObject, type MutableJson } from "../json/access";

/** What an adaptation took out, by keyword. */
type Report = (keyword: string) => void;

/** Nested deeper than any model would follow; bounds the recursion on hostile input. */
const MAX_DEPTH = 64;

/** What is left of a schema that is nested too deep. */
function cut(report: Report): JsonObject {
  report("depth");
  return {};
}

const SCHEMAS_BY_NAME = ["properties", "$defs", "definitions", "patternProperties", "dependentSchemas"];
const LISTS_OF_SCHEMAS = ["anyOf", "oneOf", "allOf", "prefixItems"];
const SCHEMAS = ["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"];

/**
 * A copy of a schema with the schemas in it changed. Only where a schema can stand is looked at: a property that
 * happens to be called `default` is no keyword, and what `enum` or `required` list is no schema.
 */
function eachSchema(schema: JsonObject, change: (inner: JsonObject) => JsonObject): MutableJson {
  const child = (value: unknown): unknown => (isObject(value) ? change(value) : value);
  const copy: MutableJson = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "__proto__") continue;
    if (SCHEMAS_BY_NAME.includes(key) && isObject(value)) {
      copy[key] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, child(inner)]));
    } else if (LISTS_OF_SCHEMAS.includes(key) && Array.isArray(value)) {
      copy[key] = value.map(child);
    } else if (SCHEMAS.includes(key)) {
      copy[key] = Array.isArray(value) ? value.map(child) : child(value);
    } else copy[key] = value;
  }
  return copy;
}

/** Rewrites every schema inside a schema, from the inside out. */
function rewrite(
  schema: JsonObject,
  report: Report,
  change: (copy: MutableJson) => void,
  depth = 0,
): JsonObject {
  if (depth > MAX_DEPTH) return cut(report);
  const copy = eachSchema(schema, (inner) => rewrite(inner, report, change, depth + 1));
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
  return rewrite(inlineRefs(schema, report), report, (copy) => {
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
    if (Array.isArray(copy.enum)) fitEnum(copy, copy.enum, report);
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

/** Gemini lists texts alone; `null` has a word of its own. */
function fitEnum(copy: MutableJson, values: readonly unknown[], report: Report): void {
  const others = values.filter((value) => value !== null);
  if (others.length < values.length) copy.nullable = true;
  if (others.every((value) => typeof value === "string") && others.length > 0) copy.enum = others;
  else {
    delete copy.enum;
    report("enum");
  }
}

/** How many schemas may come about by putting definitions in place: they can refer to each other many times over. */
const MAX_INLINED = 5000;

/**
 * Puts what is referred to within a schema in its place. What refers to itself, or to more than a request could hold,
 * becomes an object of any kind; a reference to elsewhere is taken out. Both are reported.
 */
function inlineRefs(schema: JsonObject, report: Report): JsonObject {
  let inlined = 0;
  const walk = (value: JsonObject, path: readonly string[], depth: number): JsonObject => {
    if (depth > MAX_DEPTH) return cut(report);
    if (path.length > 0) inlined++;
    const { $ref: ref, $defs: _, definitions: __, ...rest } = value;
    const own = eachSchema(rest, (inner) => walk(inner, path, depth + 1));
    if (typeof ref !== "string") return own;
    const target = pointedAt(schema, ref);
    if (target === undefined) {
      report("$ref");
      return own;
    }
    if (path.includes(ref) || inlined > MAX_INLINED) {
      report("$ref");
      return { type: "object", ...own };
    }
    return { ...walk(target, [...path, ref], depth + 1), ...own };
  };
  return walk(schema, [], 0);
}

/** What a JSON pointer within a schema, such as `#/$defs/a` or `#/properties/a`, points at. */
function pointedAt(schema: JsonObject, ref: string): JsonObject | undefined {
  if (!/^#(\/|$)/.test(ref)) return undefined;
  let at: unknown = schema;
  for (const step of ref.split("/").slice(1)) {
    const key = decoded(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return isObject(at) ? at : undefined;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
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
  return rewrite(schema, report, (copy) => {
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

/** The parameters of a tool as Anthropic, and Copilot's runtime, take them: an object at the top, without alternatives beside it. */
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
