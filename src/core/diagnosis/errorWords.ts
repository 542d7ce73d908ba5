import type { ProviderWords } from "./providerWords";

/** What an error's words say is the matter. What becomes of it depends on the provider, see `findingOf`. */
export type Matter =
  | "apiVersion"
  | "deployment"
  | "keyKind"
  | "network"
  | "region"
  | "toolsRefused"
  | "streamRefused"
  | "wrongApi"
  | "modelMissing"
  | "modelNotPermitted"
  | "keyExpired"
  | "keyRevoked"
  | "credit"
  | "modelUnknown"
  | "keyWrong"
  | "permission"
  | "path"
  | "rate";

interface Rule {
  readonly matter: Matter;
  readonly words: RegExp;
  /** Looked for in the message alone, which it then is the whole of. */
  readonly whole?: true;
  /** Only with one of these statuses; absent: with any. */
  readonly statuses?: readonly number[];
}

/**
 * The words of real providers, as their documentation and the reports of their users have them: OpenAI, Azure OpenAI
 * and Foundry, Anthropic, Gemini, Vertex, Bedrock, OpenRouter, Groq, Mistral, DeepSeek, xAI, Together, Fireworks,
 * Cerebras, Moonshot, Z.ai, Hugging Face, GitHub Models, Vercel, LiteLLM, vLLM, llama.cpp, Ollama, LM Studio. The
 * first that fits counts: the narrow ones stand before the wide.
 */
const RULES: readonly Rule[] = [
  {
    // Not Gemini's "models/x is not found for API version v1main".
    matter: "apiVersion",
    words:
      /api version not supported|unsupportedapiversion|(?:invalid|missing)apiversionparameter|api-version.{0,80}(?:invalid|required|not supported|unsupported)|with api version '[^']{0,60}' is not supported/i,
  },
  { matter: "deployment", words: /deploymentnotfound|deployment (?:for this resource )?does not exist/i },
  { matter: "keyKind", words: /authenticationtypedisabled|key[- ]based authentication is disabled/i },
  {
    matter: "network",
    words: /virtual network\/firewall|public (?:network )?access is disabled|ip address.{0,40}not allowed/i,
  },
  {
    matter: "region",
    words:
      /unsupported_country|country, region,? or territory not supported|location is not supported|region is not supported/i,
  },
  {
    matter: "toolsRefused",
    words:
      /does not support (?:the )?(?:tools?|functions?)\b|support tool use|tool[- ]?choice requires --enable|(?:tools|tool_choice) param requires --jinja|unsupported param(?:eter)?s?:? ?\[?'?tools|(?:tools?|tool[- _]?(?:calling|use)|function[- ]calling)`? (?:is|are) not (?:supported|enabled|available)|not support.{0,30}(?:tool|function[- _]?call)|does not support parameters: \[?'tools/i,
  },
  {
    matter: "streamRefused",
    words:
      /verified to stream|stream(?:ing|ed)?(?: responses?| mode)?'? (?:is |are )?(?:not|un)[- ]?(?:supported|enabled|available|allowed)|(?:does not|doesn't|cannot) (?:support )?stream|'stream' does not support/i,
  },
  {
    matter: "wrongApi",
    words:
      /only supported in v1\/responses|not a chat model|not supported in the v1\/chat\/completions|(?:use|using) the responses api|operation does not work with the specified model|does not support the (?:chat ?completions?|responses?) (?:api|operation)/i,
  },
  {
    matter: "modelMissing",
    words:
      /must provide a model|model (?:parameter )?is required|missing required parameter: '?model\b|no models? (?:provided|loaded|specified)|model (?:was |is )?not (?:specified|provided|given)|model: field required/i,
  },
  {
    matter: "modelNotPermitted",
    words:
      /does not have access to (?:the )?model|(?:key|team|user) not allowed to access model|model_access_denied|no[_ ]access to model|have access to the model with|verified to use the model|requires terms acceptance|model_terms_required|model_permission_blocked|is blocked at the (?:project|organization)|model requires a subscription|not allowed to (?:use|sample from) (?:this |the )?model|no endpoints.{0,40}(?:data policy|guardrail)/i,
  },
  {
    matter: "keyExpired",
    words:
      /(?:api[- _]?key|access[- _]?token|oauth token|security token|\bkey|\btoken)\b.{0,60}(?<!missing, invalid, .{0,60})\bexpired|expired[- _](?:api[- _]?)?(?:key|token)|access_token_expired|expiredtoken/i,
  },
  {
    matter: "keyRevoked",
    words:
      /reported as leaked|\b(?:key|token)\b.{0,40}(?:revoked|deactivated|disabled|blocked|been deleted)|(?:account|organization|project).{0,30}(?:deactivated|been disabled|restricted)|account_deactivated|organization_restricted/i,
  },
  {
    matter: "credit",
    words:
      /insufficient[_ ](?:quota|credits?|balance|funds)|check your plan and billing|credit balance is too low|requires? more credits|billing_(?:hard_limit|not_active|error)|billing (?:is )?(?:disabled|to be enabled)|run out of credits|available credits|any credits yet|budget (?:has been )?exceeded|budget_?exceeded|exceededbudget|key limit exceeded|payment required|spending limit|monthly (?:included credits|usage limit)|specified api usage limits|credit (?:limit|card)|account is suspended|recharge|quota_?exceeded.{0,40}billing/i,
  },
  {
    matter: "path",
    words:
      /^\W*invalid url\b|unexpected endpoint|no route|unknown (?:url|path|endpoint)|unrecognized request url|^\W*(?:404 )?(?:page |file |resource )?not found\W*$/i,
    whole: true,
  },
  {
    matter: "modelUnknown",
    words:
      /model_?not_?found|unknown[_ ]model|invalid[_ ]model|unavailable_model|model_not_available|model_decommissioned|model not exist|unable to access (?:non-serverless )?model|no endpoints found|not a valid model|publisher model|\bmodels?\b.{0,160}(?:not found|does ?n[o']t exist|not exist|is not available|is not supported|decommissioned|deprecated|end of its life|no longer)|not found the model|^\W*model: \S/i,
  },
  {
    matter: "keyWrong",
    words:
      /incorrect api key|wrong[_ ]api[_ ]key|api[- _]?key (?:not valid|provided is invalid|is invalid)|(?:invalid|bad|no|missing)[_ -](?:x-)?(?:api[-_ ]?key|auth\w*|credentials|access token|bearer|token|username)|api_key_invalid|invalid (?:proxy server )?token|subscription key|authentication[_ ](?:fails|error|failed)|unauthenticated|please pass a valid api key|(?:provide|pass|missing).{0,20}api key|token_not_found/i,
    statuses: [400, 401, 403],
  },
  {
    matter: "permission",
    words:
      /insufficient permissions|missing scopes|permission_?error|permission_?denied|lacks the required data action|not? have (?:sufficient )?permissions?|permission is required|not authorized|accessdenied|service_disabled|has not been used in project/i,
    statuses: [400, 401, 403, 404],
  },
  { matter: "rate", words: /rate[_ ]?limit|too many requests|resource_exhausted/i },
];

/** What an error is about, read off its words; undefined where they say nothing known. */
export function matterOf({ text, message = "" }: ProviderWords, status: number): Matter | undefined {
  const fits = ({ words, statuses, whole }: Rule): boolean =>
    (!statuses || statuses.includes(status)) && words.test(whole ? message.slice(0, 200) : text);
  return RULES.find(fits)?.matter;
}
