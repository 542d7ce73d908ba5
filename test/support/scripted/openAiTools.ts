import { asObject } from "../../../src/core/json/access";
import type { OpenAiFields } from "./fields";
import { Refusal } from "./refusal";
import { strictFault } from "./strictSchema";

export const TOOL_NAME = { max: 64, pattern: /^[a-zA-Z0-9_-]+$/ };

/** A function's own fields, which Chat Completions nests and Responses does not. */
export function checkFunction(fields: OpenAiFields): string {
  const name = fields.string("name", TOOL_NAME);
  fields.optionalString("description");
  const strict = fields.boolean("strict");
  if (!fields.has("parameters")) return name;
  const schema = fields.object("parameters").value;
  // A function without parameters may leave the schema empty.
  if (Object.keys(schema).length > 0 && schema.type !== "object") {
    throw badSchema(name, `schema must be a JSON Schema of 'type: "object"', got 'type: "${schema.type}"'.`);
  }
  if (schema.type === "object" && !("properties" in schema)) {
    throw badSchema(name, "In context=(), object schema missing properties.");
  }
  const fault = strict === true ? strictFault(schema) : undefined;
  if (fault) throw badSchema(name, fault);
  return name;
}

function badSchema(name: string, why: string): Refusal {
  return new Refusal(`Invalid schema for function '${name}': ${why}`, {
    code: "invalid_function_parameters",
  });
}

/** The schema that an answer has to follow. */
export function checkFormatSchema(fields: OpenAiFields): unknown {
  const name = fields.string("name", TOOL_NAME);
  fields.optionalString("description");
  const schema = asObject(fields.object("schema").value);
  if (fields.boolean("strict") === true) {
    const fault = strictFault(schema);
    if (fault) throw new Refusal(`Invalid schema for response_format '${name}': ${fault}`);
    if (schema.type !== "object") {
      throw new Refusal(
        `Invalid schema for response_format '${name}': schema must be a JSON Schema of 'type: "object"'.`,
      );
    }
  }
  return schema;
}

/** Metadata: sixteen short texts at most. */
export function checkMetadata(fields: OpenAiFields): void {
  if (!fields.has("metadata")) return;
  const entries = Object.entries(fields.object("metadata").value);
  if (entries.length > 16) fields.refuse("metadata", "Invalid 'metadata': too many properties.");
  for (const [key, value] of entries) {
    if (key.length > 64 || typeof value !== "string" || value.length > 512) {
      fields.refuse("metadata", `Invalid 'metadata.${key}': a text of 512 characters at most is expected.`);
    }
  }
}
