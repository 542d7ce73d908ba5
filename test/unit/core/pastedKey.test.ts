import { describe, expect, test } from "vitest";
import { cleanPastedKey, foreignKeyOwner } from "../../../src/core/providers/pastedKey";
import { exampleAddress } from "../../../src/core/providers/preset";
import { PROVIDER_PRESETS } from "../../../src/core/providers/presets";

describe("a pasted key", () => {
  test.each([
    ["  sk-1  ", "sk-1"],
    ['"sk-1"', "sk-1"],
    ["'sk-1',", "sk-1"],
    ["“sk-1”", "sk-1"],
    ["`sk-1`", "sk-1"],
    ["sk-1\n", "sk-1"],
    ["\ufeffsk-1\u200b", "sk-1"],
    ["\u00a0sk-1\u00a0", "sk-1"],
    ["sk-12\r\n34", "sk-1234"],
    ["sk-12\n    34", "sk-1234"],
    ["Bearer sk-1", "sk-1"],
    ["bearer  sk-1", "sk-1"],
    ["Authorization: Bearer sk-1", "sk-1"],
    ['-H "Authorization: Bearer sk-1"', "sk-1"],
    ["--header 'x-api-key: sk-1'", "sk-1"],
    ["api-key: 0123abcd", "0123abcd"],
    ['export OPENAI_API_KEY="sk-1"', "sk-1"],
    ["OPENAI_API_KEY=sk-1", "sk-1"],
    ["OPENAI_API_KEY = sk-1", "sk-1"],
    ["OPENAI_API_KEY='Bearer sk-1'", "sk-1"],
    ["KEY=sk-1", "sk-1"],
    ["set OPENAI_API_KEY=sk-1", "sk-1"],
    ['setx OPENAI_API_KEY "sk-1"', "sk-1"],
    ['$env:OPENAI_API_KEY = "sk-1"', "sk-1"],
    ['"OPENAI_API_KEY": "sk-1",', "sk-1"],
    ["$Env:GROQ='gsk_1'", "gsk_1"],
    ["EXPORT GROQ=gsk_1", "gsk_1"],
    ['{"apiKey": "sk-1"}', "sk-1"],
    ["apiKey: sk-1", "sk-1"],
    // What stands in a key itself is left alone.
    ["abcDEF123==", "abcDEF123=="],
    ["ABCDEF123==", "ABCDEF123=="],
    ["bedrock-api-key-YWJj==", "bedrock-api-key-YWJj=="],
    ["abc:def", "abc:def"],
    ["Ab3dE9:fG7hJ2kL", "Ab3dE9:fG7hJ2kL"],
    ["Ab3dE9=fG7hJ2kL", "Ab3dE9=fG7hJ2kL"],
    ["0123abcd.EF45", "0123abcd.EF45"],
    ["AQ.Ab8R-_x", "AQ.Ab8R-_x"],
  ])("%j is cleaned to %s", (text, key) => {
    expect(cleanPastedKey(text)).toEqual({ ok: true, key });
  });

  test.each([
    ["", "empty"],
    ["''", "empty"],
    ["Bearer ", "empty"],
    ["my key", "spaces"],
    ['"sk-1', "quotes"],
    ["sk-1'", "quotes"],
    ['{"apiKey":"sk-1","baseUrl":"x"}', "quotes"],
    ["sk-1é", "plain characters"],
    ["sk-1…", "shortened"],
    ["sk-proj-...A1b2", "shortened"],
    ["sk-ant-****", "shortened"],
    ["sk-xxxxxxxxxxxxxxxx", "shortened"],
    ["$OPENAI_API_KEY", "name of a variable"],
    ["${env:OPENAI_API_KEY}", "name of a variable"],
    ["%OPENAI_API_KEY%", "name of a variable"],
    ["<your-api-key>", "name of a variable"],
    ["https://api.openai.com/v1", "address"],
    ["OPENAI_API_KEY=sk-1\nANTHROPIC_API_KEY=sk-ant-2", "more than one"],
  ])("%j is refused: %s", (text, why) => {
    const cleaned = cleanPastedKey(text);
    expect(cleaned.ok ? cleaned.key : cleaned.fault).toContain(why);
  });
});

describe("a key of another company", () => {
  const openai = { type: "openai", baseUrl: "https://api.openai.com/v1" } as const;
  const at = (baseUrl: string) => ({ type: "openai", baseUrl }) as const;
  const anthropic = { type: "anthropic", baseUrl: "https://api.anthropic.com" } as const;
  const azure = { type: "azure", baseUrl: "https://x.openai.azure.com" } as const;
  test.each([
    ["sk-ant-api03-1", openai, "Anthropic"],
    ["sk-or-v1-1", openai, "OpenRouter"],
    ["gsk_1", openai, "Groq"],
    ["xai-1", openai, "xAI"],
    ["AIzaSy1", openai, "Google Gemini"],
    ["hf_1", openai, "Hugging Face"],
    ["ghp_1", openai, "GitHub Models"],
    ["github_pat_1", openai, "GitHub Models"],
    ["csk-1", openai, "Cerebras"],
    ["vck_1", openai, "Vercel AI Gateway"],
    ["tgp_v1_1", openai, "Together"],
    ["fw_1", openai, "Fireworks"],
    ["ya29.a0", openai, "Google Vertex AI"],
    ["ABSKQmVk", openai, "Amazon Bedrock"],
    ["pst_1", openai, "Postern's own gateway"],
    ["sk-proj-1", openai, undefined],
    ["sk-1", openai, undefined],
    ["0123456789abcdef", openai, undefined],
    ["sk-proj-1", anthropic, "OpenAI"],
    ["sk-1", anthropic, "OpenAI, DeepSeek or Moonshot"],
    ["sk-ant-1", anthropic, undefined],
    ["sk-1", at("https://api.groq.com/openai/v1"), "OpenAI, DeepSeek or Moonshot"],
    ["sk-1", at("https://api.deepseek.com"), undefined],
    ["sk-1", at("https://api.moonshot.cn/v1"), undefined],
    ["sk-ant-1", at("https://api.mistral.ai/v1"), "Anthropic"],
    ["AIzaSy1", at("https://aiplatform.googleapis.com/v1/x"), undefined],
    ["gho_1", at("https://api.githubcopilot.com"), undefined],
    ["ABSKQmVk", at("https://bedrock-mantle.eu-west-1.api.aws/v1"), undefined],
    ["sk-proj-1", azure, "OpenAI"],
    ["sk-ant-1", { type: "anthropic", baseUrl: "https://x.services.ai.azure.com/anthropic" }, "Anthropic"],
    ["sk-ant-1", at("https://llm.example.com/v1"), undefined],
    ["sk-ant-1", at("http://localhost:4000/v1"), undefined],
    ["pst_1", at("https://llm.example.com/v1"), "Postern's own gateway"],
    ["pst_1", at("http://127.0.0.1:4141/v1"), undefined],
    // A name that only looks like the company's.
    ["sk-ant-1", at("https://openai.com.example.net/v1"), undefined],
    ["sk-1", at("nonsense"), undefined],
  ] as const)("%s for %j is of %s", (key, provider, owner) => {
    expect(foreignKeyOwner(key, provider)).toBe(owner);
  });

  test.each(
    PROVIDER_PRESETS.flatMap((preset) =>
      (preset.keyForms ?? []).map((form) => [preset.id, form, preset] as const),
    ),
  )("%s takes its own keys, which begin with %s", (_, form, preset) => {
    expect(
      foreignKeyOwner(`${form}1`, { type: preset.type, baseUrl: exampleAddress(preset) }),
    ).toBeUndefined();
  });
});
