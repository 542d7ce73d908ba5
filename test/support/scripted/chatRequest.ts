import { isObject, parseJson } from "../../../src/core/json/access";
import { OpenAiFields } from "./fields";
import { isBase64, isImageUrl } from "./images";
import { hasOneVerbosity, isGpt4oLike, isGpt5Like } from "./models";
import { checkFormatSchema, checkFunction, checkMetadata, TOOL_NAME } from "./openAiTools";
import { Refusal } from "./refusal";
import { type Seen, SeenBuilder } from "./seen";

const FIELDS =
  "model messages tools tool_choice functions function_call parallel_tool_calls max_tokens max_completion_tokens stop temperature top_p frequency_penalty presence_penalty seed n logit_bias logprobs top_logprobs reasoning_effort response_format verbosity web_search_options stream stream_options user safety_identifier prompt_cache_key prompt_cache_retention service_tier store metadata modalities audio prediction".split(
    " ",
  );

/**
 * Takes a Chat Completions request as OpenAI does, or refuses it.
 *
 * @param reasoningBack whether it is a server that takes its `reasoning_content` back, as DeepSeek's does
 */
export function readChatRequest(body: unknown, reasoningBack = true): Seen {
  const top = OpenAiFields.of(body, "").only(...FIELDS);
  const model = top.string("model");
  const seen = new SeenBuilder(top.value);
  checkSampling(top, model);
  checkTools(top, seen);
  checkFormat(top, seen);
  if (top.boolean("stream") !== true && top.has("stream_options")) {
    top.refuse("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  }
  if (top.has("stream_options"))
    top.object("stream_options").only("include_usage", "include_obfuscation").boolean("include_usage");
  top.optionalString("user", { max: 64 });
  top.optionalString("safety_identifier", { max: 64 });
  top.optionalString("prompt_cache_key", { max: 64 });
  top.oneOf("service_tier", ["auto", "default", "flex", "scale", "priority"]);
  if (top.has("metadata") && top.value.store !== true) {
    top.refuse("metadata", "The 'metadata' parameter is only allowed when 'store' is enabled.");
  }
  checkMetadata(top);
  readMessages(top, seen, reasoningBack);
  return seen.build();
}

function checkSampling(top: OpenAiFields, model: string): void {
  const unsupported = (key: string, hint = ""): never =>
    top.refuse(
      key,
      `Unsupported parameter: '${key}' is not supported with this model.${hint}`,
      "unsupported_parameter",
    );
  top.number("max_tokens", 1, 1_000_000);
  top.number("max_completion_tokens", 1, 1_000_000);
  if (top.has("max_tokens") && top.has("max_completion_tokens")) {
    top.refuse(
      "max_tokens",
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    );
  }
  top.number("temperature", 0, 2);
  top.number("top_p", 0, 1);
  top.number("frequency_penalty", -2, 2);
  top.number("presence_penalty", -2, 2);
  top.number("n", 1, 128);
  top.number("top_logprobs", 0, 20);
  if (top.has("top_logprobs") && top.value.logprobs !== true)
    top.refuse("top_logprobs", "'top_logprobs' is only allowed when 'logprobs' is enabled.");
  if (Array.isArray(top.value.stop) && top.value.stop.length > 4)
    top.refuse(
      "stop",
      "Invalid 'stop': array too long. Expected an array with maximum length 4.",
      "array_above_max_length",
    );
  top.oneOf("reasoning_effort", ["none", "minimal", "low", "medium", "high", "xhigh"]);
  top.oneOf("verbosity", ["low", "medium", "high"]);
  if (isGpt4oLike(model)) {
    if (top.has("reasoning_effort"))
      throw new Refusal("Unrecognized request argument supplied: reasoning_effort");
  }
  if (hasOneVerbosity(model) && top.has("verbosity") && top.value.verbosity !== "medium")
    top.refuse(
      "verbosity",
      `Unsupported value: 'verbosity' does not support '${top.value.verbosity}' with this model. Supported values are: 'medium'.`,
      "unsupported_value",
    );
  if (isGpt5Like(model)) {
    if (top.has("max_tokens")) unsupported("max_tokens", " Use 'max_completion_tokens' instead.");
    for (const key of [
      "stop",
      "frequency_penalty",
      "presence_penalty",
      "logit_bias",
      "logprobs",
      "top_logprobs",
    ])
      if (top.has(key)) unsupported(key);
    for (const key of ["temperature", "top_p"])
      if (top.has(key) && top.value[key] !== 1)
        top.refuse(
          key,
          `Unsupported value: '${key}' does not support ${top.value[key]} with this model. Only the default (1) value is supported.`,
          "unsupported_value",
        );
  }
  if (top.has("n") && top.value.n !== 1) top.refuse("n", "The scripted provider answers once: n must be 1.");
}

function checkTools(top: OpenAiFields, seen: SeenBuilder): void {
  seen.reasoning = top.has("reasoning_effort") && top.value.reasoning_effort !== "none";
  if (!top.has("tools")) {
    for (const key of ["tool_choice", "parallel_tool_calls"])
      if (top.has(key)) top.refuse(key, `'${key}' is only allowed when 'tools' are specified.`);
    return;
  }
  const tools = top.objects("tools");
  if (tools.length === 0)
    top.refuse(
      "tools",
      "Invalid 'tools': empty array. Expected an array with minimum length 1.",
      "empty_array",
    );
  if (tools.length > 128)
    top.refuse("tools", "Invalid 'tools': array too long. Expected an array with maximum length 128.");
  for (const tool of tools) {
    const type = tool.oneOf("type", ["function", "custom"]);
    if (type === "custom") {
      const custom = tool.only("type", "custom").object("custom").only("name", "description", "format");
      checkCustomFormat(custom);
      seen.tools.push({ name: custom.string("name", TOOL_NAME), custom: true });
    } else {
      const fn = tool
        .only("type", "function")
        .object("function")
        .only("name", "description", "parameters", "strict");
      seen.tools.push({ name: checkFunction(fn), custom: false });
    }
  }
  checkToolChoice(top, seen);
}

function checkCustomFormat(custom: OpenAiFields): void {
  if (!custom.has("format")) return;
  const format = custom.object("format").only("type", "grammar");
  if (format.oneOf("type", ["text", "grammar"]) === "grammar") {
    const grammar = format.object("grammar").only("definition", "syntax");
    grammar.string("definition");
    grammar.oneOf("syntax", ["lark", "regex"]);
  }
}

function checkToolChoice(top: OpenAiFields, seen: SeenBuilder): void {
  const choice = top.value.tool_choice;
  if (choice === undefined) return;
  if (typeof choice === "string") {
    top.oneOf("tool_choice", ["auto", "none", "required"]);
    return;
  }
  const fields = top.object("tool_choice");
  const type = fields.oneOf("type", ["function", "custom", "allowed_tools"]);
  if (type === "allowed_tools") {
    const allowed = fields.object("allowed_tools").only("mode", "tools");
    allowed.oneOf("mode", ["auto", "required"]);
    for (const entry of allowed.objects("tools")) named(entry.object(entry.string("type")), seen);
  } else named(fields.only("type", type ?? "").object(type ?? "function"), seen);
}

function named(fields: OpenAiFields, seen: SeenBuilder): void {
  const name = fields.string("name");
  if (!seen.tools.some((tool) => tool.name === name))
    fields.refuse("name", `Invalid value for 'tool_choice': no function named '${name}' was specified.`);
}

function checkFormat(top: OpenAiFields, seen: SeenBuilder): void {
  if (!top.has("response_format")) return;
  const format = top.object("response_format");
  const type = format.oneOf("type", ["text", "json_object", "json_schema"]);
  if (type === "json_schema") {
    const schema = format.only("type", "json_schema").object("json_schema");
    seen.schema = checkFormatSchema(schema.only("name", "description", "schema", "strict"));
  } else format.only("type");
  if (type === "json_object" && !/json/i.test(JSON.stringify(top.value.messages)))
    throw new Refusal(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    );
}

function readMessages(top: OpenAiFields, seen: SeenBuilder, reasoningBack: boolean): void {
  const messages = top.objects("messages");
  if (messages.length === 0)
    top.refuse("messages", "Invalid 'messages': empty array. Expected an array with minimum length 1.");
  let open = new Set<string>();
  for (const message of messages) {
    const role = message.oneOf("role", ["system", "developer", "user", "assistant", "tool"]);
    if (role !== "tool" && open.size > 0) {
      throw new Refusal(
        `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(", ")}`,
        { param: "messages" },
      );
    }
    switch (role) {
      case "system":
      case "developer":
        message.only("role", "content", "name");
        seen.system.push(readText(message));
        break;
      case "user":
        readUser(message.only("role", "content", "name"), seen);
        break;
      case "assistant":
        open = readAssistant(message, seen, reasoningBack);
        break;
      default: {
        const id = message.only("role", "content", "tool_call_id").string("tool_call_id", { max: 40 });
        if (!open.delete(id)) {
          throw new Refusal(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
            { param: message.at("role") },
          );
        }
        seen.result({ id, text: readText(message), isError: false });
      }
    }
  }
  if (open.size > 0)
    throw new Refusal(
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(", ")}`,
    );
}

/** A text, or a list of text parts. */
function readText(message: OpenAiFields): string {
  if (typeof message.value.content === "string") return message.value.content;
  return message
    .objects("content")
    .map((part) => {
      part.oneOf("type", ["text"]);
      return part.only("type", "text").string("text");
    })
    .join("\n");
}

function readUser(message: OpenAiFields, seen: SeenBuilder): void {
  if (typeof message.value.content === "string") {
    seen.say("user", message.value.content);
    return;
  }
  const parts = message.objects("content");
  if (parts.length === 0)
    message.refuse("content", `Invalid '${message.at("content")}': empty array.`, "empty_array");
  for (const part of parts) {
    const type = part.oneOf("type", ["text", "image_url", "input_audio", "file"]);
    if (type === "text") seen.say("user", part.only("type", "text").string("text"));
    else if (type === "image_url") {
      const image = part.only("type", "image_url").object("image_url").only("url", "detail");
      const url = image.string("url");
      if (!isImageUrl(url)) image.refuse("url", "Invalid image URL.", "invalid_image_url");
      image.oneOf("detail", ["auto", "low", "high", "original"]);
      seen.images.push(url);
      seen.answersResult = false;
    } else {
      const file = part.only("type", "file").object("file").only("filename", "file_data", "file_id");
      const data = file.string("file_data");
      const [head, base64] = data.split(",");
      if (!/^data:application\/pdf;base64$/.test(head ?? "") || !isBase64(base64 ?? ""))
        file.refuse("file_data", "Invalid file data: a data URL of a PDF is expected.");
      file.string("filename");
      seen.documents.push(data);
    }
  }
}

function readAssistant(message: OpenAiFields, seen: SeenBuilder, reasoningBack: boolean): Set<string> {
  const back = reasoningBack ? ["reasoning_content"] : [];
  message.only("role", "content", "refusal", "name", "audio", "tool_calls", "function_call", ...back);
  const { content } = message.value;
  if (!message.has("content") && !message.has("tool_calls") && !message.has("refusal")) {
    message.refuse(
      "content",
      `Invalid value for '${message.at("content")}': expected a string, got null.`,
      "invalid_type",
    );
  }
  const reasoning = message.optionalString("reasoning_content");
  if (reasoning) seen.thinking.push(reasoning);
  if (typeof content === "string") {
    if (content !== "") seen.say("assistant", content);
  } else if (message.has("content")) {
    for (const part of message.objects("content")) {
      const type = part.oneOf("type", ["text", "refusal"]);
      seen.say("assistant", part.only("type", type ?? "").string(type ?? "text"));
    }
  }
  if (!message.has("tool_calls")) return new Set();
  const calls = message.objects("tool_calls");
  if (calls.length === 0)
    message.refuse(
      "tool_calls",
      `Invalid '${message.at("tool_calls")}': empty array. Expected an array with minimum length 1.`,
      "empty_array",
    );
  return new Set(calls.map((call) => readCall(call, seen)));
}

function readCall(call: OpenAiFields, seen: SeenBuilder): string {
  const id = call.string("id", { max: 40 });
  if (call.oneOf("type", ["function", "custom"]) === "custom") {
    const custom = call.only("id", "type", "custom").object("custom").only("name", "input");
    seen.calls.push({ id, name: custom.string("name", TOOL_NAME), input: custom.string("input") });
    return id;
  }
  const fn = call.only("id", "type", "function").object("function").only("name", "arguments");
  const input = fn.string("arguments");
  if (!isObject(parseJson(input))) fn.refuse("arguments", "Invalid arguments: a JSON object is expected.");
  seen.calls.push({ id, name: fn.string("name", TOOL_NAME), input });
  return id;
}
