import { asArray, asObject, isObject, type JsonObject } from "../../../src/core/json/access";

/**
 * Why OpenAI would not take a schema as strict: every property has to be required, and no other allowed.
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
export function strictFault(schema: unknown, context = "()"): string | undefined {
  if (!isObject(schema)) return undefined;
  const fault = ownFault(schema, context);
  if (fault) return fault;
  const inner: unknown[] = [
    ...Object.values(asObject(schema.properties)),
    ...Object.values(asObject(schema.$defs)),
    ...asArray(schema.anyOf),
    schema.items,
  ];
  return inner.map((entry) => strictFault(entry, `${context}…`)).find((found) => found);
}

function ownFault(schema: JsonObject, context: string): string | undefined {
  for (const key of ["allOf", "oneOf", "not", "if", "patternProperties"]) {
    if (schema[key] !== undefined) return `In context=${context}, '${key}' is not permitted.`;
  }
  if (schema.type !== "object") return undefined;
  if (schema.additionalProperties !== false) {
    return `In context=${context}, 'additionalProperties' is required to be supplied and to be false.`;
  }
  const required = asArray(schema.required);
  const missing = Object.keys(asObject(schema.properties)).find((name) => !required.includes(name));
  if (missing === undefined) return undefined;
  return `In context=${context}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
}
