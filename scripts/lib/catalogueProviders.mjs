// The providers that the catalogue covers. `addresses`: a host, the .suffix or -suffix of hosts, and a path where hosts are shared.
// `id`: as in genai-prices; `facts`: their files in pi-ai; `alsoSells`: whose models they have at the maker's price.

/** @typedef {{ id: string, addresses: string[], facts?: string[], alsoSells?: string[], unpriced?: boolean }} Provider */

/** @type {readonly Provider[]} */
export const CATALOGUE_PROVIDERS = [
  { id: "openai", addresses: ["api.openai.com"], facts: ["openai"] },
  { id: "anthropic", addresses: ["api.anthropic.com"], facts: ["anthropic"] },
  {
    id: "azure",
    addresses: [".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"],
    facts: ["azure"],
    // At their makers' prices; those of others cost something else there.
    alsoSells: ["openai", "anthropic"],
  },
  {
    id: "google",
    addresses: [
      "generativelanguage.googleapis.com",
      "aiplatform.googleapis.com",
      "-aiplatform.googleapis.com",
    ],
    facts: ["google", "google-vertex"],
    alsoSells: ["anthropic"],
  },
  { id: "aws", addresses: [".amazonaws.com", ".api.aws"], facts: ["amazon-bedrock"] },
  { id: "openrouter", addresses: ["openrouter.ai"], facts: ["openrouter"] },
  { id: "groq", addresses: ["api.groq.com"], facts: ["groq"] },
  { id: "mistral", addresses: ["api.mistral.ai"], facts: ["mistral"] },
  { id: "deepseek", addresses: ["api.deepseek.com"], facts: ["deepseek"] },
  { id: "x-ai", addresses: ["api.x.ai"], facts: ["xai"] },
  { id: "together", addresses: ["api.together.xyz", "api.together.ai"], facts: ["together"] },
  { id: "fireworks", addresses: ["api.fireworks.ai"], facts: ["fireworks"] },
  { id: "cerebras", addresses: ["api.cerebras.ai"], facts: ["cerebras"] },
  { id: "moonshotai", addresses: ["api.moonshot.ai"], facts: ["moonshotai"] },
  // A subscription: what a token costs elsewhere says nothing about it.
  { id: "zai-coding", addresses: ["api.z.ai/api/coding"], facts: ["zai"], unpriced: true },
  { id: "zai", addresses: ["api.z.ai"], facts: ["zai"] },
  { id: "zhipuai", addresses: ["open.bigmodel.cn"] },
  { id: "minimax", addresses: ["api.minimax.io", "api.minimaxi.com"], facts: ["minimax"] },
  { id: "perplexity", addresses: ["api.perplexity.ai"] },
  { id: "cohere", addresses: ["api.cohere.ai", "api.cohere.com"] },
  { id: "voyageai", addresses: ["api.voyageai.com"] },
  { id: "cloudflare", addresses: ["api.cloudflare.com"], facts: ["cloudflare-workers-ai"] },
  { id: "baseten", addresses: ["inference.baseten.co"], facts: ["baseten"] },
  { id: "nvidia", addresses: ["integrate.api.nvidia.com"], facts: ["nvidia"] },
  { id: "novita", addresses: ["api.novita.ai"] },
  { id: "ovhcloud", addresses: ["oai.endpoints.kepler.ai.cloud.ovh.net"] },
  { id: "huggingface_groq", addresses: ["router.huggingface.co/groq"] },
  { id: "huggingface_cerebras", addresses: ["router.huggingface.co/cerebras"] },
  { id: "huggingface_together", addresses: ["router.huggingface.co/together"] },
  { id: "huggingface_novita", addresses: ["router.huggingface.co/novita"] },
  { id: "huggingface_nebius", addresses: ["router.huggingface.co/nebius"] },
  { id: "huggingface_sambanova", addresses: ["router.huggingface.co/sambanova"] },
  { id: "huggingface", addresses: ["router.huggingface.co"], facts: ["huggingface"] },
  { id: "vercel", addresses: ["ai-gateway.vercel.sh"], facts: ["vercel-ai-gateway"] },
];
