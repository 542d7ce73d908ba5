import { isObject, type JsonObject, parseJson } from "../json/access";

/**
 * A tool call's arguments as the object that Messages wants. What is no object (cut off, or wrong) is kept under a
 * key of its own, so that nothing is lost and nothing guessed.
 */
export function argumentsObject(text: string): JsonObject {
  if (text.trim() === "") return {};
  const value = parseJson(text);
  if (isObject(value)) return value;
  return { __raw: value === undefined ? text : value };
}

/** A call of a free-text tool as the call of a function with one string. */
export function customAsFunction(input: string): string {
  return JSON.stringify({ input });
}

/** The free text out of such a call. A model that wrote something else than asked for meant it as the text. */
export function functionAsCustom(argumentsText: string): string {
  const value = parseJson(argumentsText);
  if (typeof value === "string") return value;
  if (!isObject(value)) return argumentsText;
  if (typeof value.input === "string") return value.input;
  const [only, ...others] = Object.values(value);
  return typeof only === "string" && others.length === 0 ? only : argumentsText;
}

/** The parameters of the function that stands for a free-text tool. */
export const CUSTOM_PARAMETERS: JsonObject = {
  type: "object",
  properties: { input: { type: "string", description: "The whole input of the tool, as plain text." } },
  required: ["input"],
  additionalProperties: false,
};

/** The description of that function: what the grammar says has to be said in words. */
export function customDescription(description: string | undefined, format: JsonObject | undefined): string {
  const grammar = typeof format?.definition === "string" ? format.definition : undefined;
  const syntax = typeof format?.syntax === "string" ? format.syntax : "given";
  return [
    description ?? "",
    ...(grammar ? [`The input must follow this ${syntax} grammar:\n${grammar}`] : []),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
