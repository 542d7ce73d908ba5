import { isObject, parseJson } from "../../../src/core/json/access";
import { OpenAiFields } from "./fields";
import { isBase64, isImageUrl } from "./images";
import { hasOneVerbosity, isGpt4oLike, isGpt5Like } from "./models";
import { checkFormatSchema, checkFunction, checkMetadata, TOOL_NAME } from "./openAiTools";
import { Refusal } from "./refusal";
import { openSeal } from "./seals";
import { type Seen, SeenBuilder } from "./seen";

const FIELDS =
  "model input instructions tools tool_choice parallel_tool_calls max_output_tokens max_tool_calls temperature top_p top_logprobs reasoning text include stream stream_options user safety_identifier prompt_cache_key prompt_cache_retention service_tier store metadata truncation background".split(
    " ",
  );

const INCLUDES = [
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
  "message.input_image.image_url",
  "file_search_call.results",
  "web_search_call.action.sources",
  "code_interpreter_call.outputs",
  "computer_call_output.output.image_url",
];

/** Takes a Responses request as OpenAI does, or refuses it. Nothing is kept here: no `previous_response_id`. */
export function readResponsesRequest(body: unknown): Seen {
  const top = OpenAiFields.of(body, "").only(...FIELDS);
  const model = top.string("model");
  const seen = new SeenBuilder(top.value);
  checkParameters(top, model);
  seen.reasoning = top.has("reasoning") && top.object("reasoning").value.effort !== "none";
  checkTools(top, seen);
  if (top.has("text")) {
    const text = top.object("text").only("format", "verbosity");
    const verbosity = text.oneOf("verbosity", ["low", "medium", "high"]);
    if (hasOneVerbosity(model) && verbosity !== undefined && verbosity !== "medium") {
      const why = `Unsupported value: '${verbosity}' is not supported with the '${model}' model. Supported values are: 'medium'.`;
      text.refuse("verbosity", why, "unsupported_value");
    }
    if (text.has("format")) checkFormat(text.object("format"), seen, top);
  }
  const instructions = top.optionalString("instructions");
  if (instructions) seen.system.push(instructions);
  readInput(top, seen);
  return seen.build();
}

function checkParameters(top: OpenAiFields, model: string): void {
  top.number("max_output_tokens", 16, 1_000_000);
  top.number("temperature", 0, 2);
  top.number("top_p", 0, 1);
  top.number("top_logprobs", 0, 20);
  top.boolean("store");
  top.boolean("stream");
  top.boolean("parallel_tool_calls");
  top.optionalString("user", { max: 64 });
  top.optionalString("safety_identifier", { max: 64 });
  top.optionalString("prompt_cache_key", { max: 64 });
  top.oneOf("service_tier", ["auto", "default", "flex", "scale", "priority"]);
  checkMetadata(top);
  const include = top.has("include") ? top.list("include") : [];
  for (const entry of include)
    if (!INCLUDES.includes(String(entry)))
      top.refuse("include", `Invalid value: '${entry}'. Supported values are: ${INCLUDES.join(", ")}.`);
  const unsupported = (key: string): never =>
    top.refuse(
      key,
      `Unsupported parameter: '${key}' is not supported with this model.`,
      "unsupported_parameter",
    );
  if (top.has("reasoning")) {
    const reasoning = top.object("reasoning").only("effort", "summary", "generate_summary", "context");
    reasoning.oneOf("effort", ["none", "minimal", "low", "medium", "high", "xhigh"]);
    reasoning.oneOf("summary", ["auto", "concise", "detailed"]);
  }
  if (isGpt4oLike(model)) {
    if (top.has("reasoning")) unsupported("reasoning.effort");
    if (include.includes("reasoning.encrypted_content"))
      top.refuse("include", "Encrypted content is not supported with this model.");
  }
  if (isGpt5Like(model))
    for (const key of ["temperature", "top_p", "top_logprobs"]) if (top.has(key)) unsupported(key);
}

function checkTools(top: OpenAiFields, seen: SeenBuilder): void {
  const tools = top.has("tools") ? top.objects("tools") : [];
  for (const tool of tools) {
    switch (tool.oneOf("type", ["function", "custom", "web_search"])) {
      case "custom": {
        tool.only("type", "name", "description", "format");
        if (tool.has("format")) {
          const format = tool.object("format").only("type", "definition", "syntax");
          if (format.oneOf("type", ["text", "grammar"]) === "grammar") {
            format.string("definition");
            format.oneOf("syntax", ["lark", "regex"]);
          }
        }
        seen.tools.push({ name: tool.string("name", TOOL_NAME), custom: true });
        break;
      }
      case "web_search":
        tool.only("type", "filters", "user_location", "search_context_size");
        seen.tools.push({ name: "web_search", custom: false });
        break;
      default:
        tool.only("type", "name", "description", "parameters", "strict");
        if (!("parameters" in tool.value) || !("strict" in tool.value)) {
          const key = "parameters" in tool.value ? "strict" : "parameters";
          tool.refuse(key, `Missing required parameter: '${tool.at(key)}'.`, "missing_required_parameter");
        }
        seen.tools.push({ name: checkFunction(tool), custom: false });
    }
  }
  const choice = top.value.tool_choice;
  if (choice === undefined) return;
  if (typeof choice === "string") {
    const value = top.oneOf("tool_choice", ["auto", "none", "required"]);
    if (value === "required" && tools.length === 0)
      top.refuse("tool_choice", "Tool choice 'required' must be specified with 'tools' parameter.");
    return;
  }
  const fields = top.object("tool_choice");
  const type = fields.oneOf("type", ["function", "custom", "web_search", "allowed_tools"]);
  const entries = type === "allowed_tools" ? fields.only("type", "mode", "tools").objects("tools") : [fields];
  for (const entry of entries) {
    const name = entry.value.type === "web_search" ? "web_search" : entry.string("name");
    if (!seen.tools.some((tool) => tool.name === name))
      throw new Refusal(`Tool choice '${name}' not found in 'tools' parameter.`, { param: "tool_choice" });
  }
}

function checkFormat(format: OpenAiFields, seen: SeenBuilder, top: OpenAiFields): void {
  const type = format.oneOf("type", ["text", "json_object", "json_schema"]);
  if (type === "json_schema") {
    seen.schema = checkFormatSchema(format.only("type", "name", "description", "schema", "strict"));
    return;
  }
  format.only("type");
  if (type === "json_object" && !/json/i.test(JSON.stringify(top.value.input)))
    throw new Refusal(
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
    );
}

function readInput(top: OpenAiFields, seen: SeenBuilder): void {
  if (typeof top.value.input === "string") {
    seen.say("user", top.string("input"));
    return;
  }
  const items = top.has("input") ? top.objects("input") : [];
  if (items.length === 0)
    throw new Refusal(
      "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.",
    );
  const open = new Map<string, boolean>();
  items.forEach((item, index) => {
    const type = item.has("type") ? item.string("type") : "message";
    switch (type) {
      case "message":
        readMessage(item, seen);
        return;
      case "reasoning": {
        readReasoning(item, seen);
        const next = items[index + 1]?.value;
        const followed = next && (next.type !== "message" || next.role === "assistant");
        if (!followed || /_output$/.test(String(next.type)))
          throw new Refusal(
            `Item '${item.value.id}' of type 'reasoning' was provided without its required following item.`,
          );
        return;
      }
      case "function_call":
      case "custom_tool_call":
        readCall(item, type === "custom_tool_call", seen, open);
        return;
      case "function_call_output":
      case "custom_tool_call_output":
        readOutput(item, type === "custom_tool_call_output", seen, open);
        return;
      default:
        item.refuse("type", `Invalid value: '${type}'.`);
    }
  });
  const [unanswered] = open.keys();
  if (unanswered !== undefined)
    throw new Refusal(`No tool output found for function call ${unanswered}.`, { param: "input" });
}

function checkId(item: OpenAiFields, prefix: string): void {
  const id = item.optionalString("id", { max: 64 });
  if (id !== undefined && !id.startsWith(prefix))
    item.refuse("id", `Invalid '${item.at("id")}': '${id}'. Expected an ID that begins with '${prefix}'.`);
}

function readMessage(item: OpenAiFields, seen: SeenBuilder): void {
  const role = item.oneOf("role", ["user", "assistant", "system", "developer"]);
  item.only("type", "role", "content", "id", "status", "phase");
  checkId(item, "msg");
  const say = (text: string): void => {
    if (role === "system" || role === "developer") seen.system.push(text);
    else seen.say(role === "assistant" ? "assistant" : "user", text);
  };
  if (typeof item.value.content === "string") {
    say(item.value.content);
    return;
  }
  for (const part of item.objects("content")) {
    if (role !== "assistant") {
      readInputPart(part, seen, say);
      continue;
    }
    const type = part.oneOf("type", ["output_text", "refusal"]);
    if (type === "refusal") say(part.only("type", "refusal").string("refusal"));
    else say(part.only("type", "text", "annotations", "logprobs").string("text"));
  }
}

function readInputPart(part: OpenAiFields, seen: SeenBuilder, say: (text: string) => void): void {
  switch (part.oneOf("type", ["input_text", "input_image", "input_file"])) {
    case "input_text":
      say(part.only("type", "text").string("text"));
      return;
    case "input_image": {
      const url = part.only("type", "image_url", "detail", "file_id").string("image_url");
      if (!isImageUrl(url)) part.refuse("image_url", `Invalid '${part.at("image_url")}': expected an image.`);
      part.oneOf("detail", ["auto", "low", "high", "original"]);
      seen.images.push(url);
      return;
    }
    default: {
      part.only("type", "filename", "file_data", "file_url", "file_id");
      const url = part.optionalString("file_url");
      const data = url ?? part.string("file_data");
      if (url === undefined) {
        const [head, base64] = data.split(",");
        if (!/^data:application\/pdf;base64$/.test(head ?? "") || !isBase64(base64 ?? ""))
          part.refuse("file_data", "Invalid file data: a data URL of a PDF is expected.");
        part.string("filename");
      }
      seen.documents.push(data);
    }
  }
}

function readReasoning(item: OpenAiFields, seen: SeenBuilder): void {
  item.only("type", "id", "summary", "content", "encrypted_content", "status");
  item.string("id");
  checkId(item, "rs");
  for (const part of item.objects("summary")) part.only("type", "text").string("text");
  const sealed = item.string("encrypted_content");
  const text = openSeal("encrypted", sealed);
  if (text === undefined)
    item.refuse(
      "encrypted_content",
      `The encrypted content for item ${item.value.id} could not be verified.`,
      "invalid_encrypted_content",
    );
  seen.thinking.push(text);
}

function readCall(item: OpenAiFields, custom: boolean, seen: SeenBuilder, open: Map<string, boolean>): void {
  const key = custom ? "input" : "arguments";
  item.only("type", "id", "call_id", "name", key, "status");
  checkId(item, custom ? "ctc" : "fc");
  const id = item.string("call_id", { max: 64 });
  if (id === "") item.refuse("call_id", `Invalid '${item.at("call_id")}': empty string.`);
  const input = item.string(key);
  if (!custom && !isObject(parseJson(input)))
    item.refuse(key, "Invalid arguments: a JSON object is expected.");
  seen.calls.push({ id, name: item.string("name", TOOL_NAME), input });
  seen.answersResult = false;
  open.set(id, custom);
}

function readOutput(
  item: OpenAiFields,
  custom: boolean,
  seen: SeenBuilder,
  open: Map<string, boolean>,
): void {
  item.only("type", "id", "call_id", "output", "status");
  const id = item.string("call_id", { max: 64 });
  if (open.get(id) !== custom)
    throw new Refusal(`No tool call found for function call output with call_id ${id}.`, { param: "input" });
  open.delete(id);
  let text = "";
  if (typeof item.value.output === "string") text = item.value.output;
  else
    for (const part of item.objects("output")) {
      readInputPart(part, seen, (piece) => {
        text += piece;
      });
    }
  seen.result({ id, text, isError: false });
}
