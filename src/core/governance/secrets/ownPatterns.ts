import type { Detect } from "./finding";

/**
 * Keys of model providers, and private keys in any way of escaping, which the kept rules have not. Each pattern needs
 * its prefix, and none can run longer than its text.
 */
const PATTERNS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["anthropic", /\bsk-ant-[A-Za-z0-9_-]{20,200}/g],
  ["openrouter", /\bsk-or-v1-[a-f0-9]{64}\b/g],
  ["openai", /\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,250}/g],
  // DeepSeek and many others.
  ["apikey", /\bsk-[A-Za-z0-9]{32,100}\b/g],
  ["google", /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g],
  ["xai", /\bxai-[A-Za-z0-9]{60,120}\b/g],
  ["azure", /\bAccountKey=[A-Za-z0-9+/]{86}==/g],
  ["npm", /\b_authToken=[^\s$"'`]{8,200}/g],
  ["postern", /\bpst_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g],
  [
    "privatekey",
    /-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,-]{64,20000}?-----END /g,
  ],
];

export const ownPatterns: Detect = (text) =>
  // Nearly every text has none of them, and `matchAll` copies its pattern each time.
  PATTERNS.filter(([, pattern]) => text.search(pattern) >= 0).flatMap(([kind, pattern]) =>
    [...text.matchAll(pattern)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
      kind,
    })),
  );
