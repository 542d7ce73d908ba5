import { randomBytes } from "node:crypto";

/** Random characters of an alphabet; nothing here is anybody's. */
function random(length: number, alphabet: string): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
}

const DIGITS = "0123456789";
const HEX = "0123456789abcdef";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const ALNUM = LOWER + UPPER + DIGITS;
const LETTERS = LOWER + UPPER;

/** Put together at run time, so that no scanner of repositories takes this file for a leak. */
const joined = (...parts: string[]): string => parts.join("");

/** A private key's armour around random base64. */
function pem(label: string): string {
  const lines = Array.from({ length: 12 }, () => random(64, `${ALNUM}+/`)).join("\n");
  const [begin, end] = ["BEGIN", "END"].map((word) => joined("-----", word, ` ${label}-----`));
  return `${begin}\nMII${lines}\n${end}`;
}

/** A secret of each shape that people paste into prompts: what it is called, the text around it, the secret. */
export interface Shape {
  readonly name: string;
  readonly secret: string;
  readonly text: string;
}

export function secretShapes(): Shape[] {
  const shape = (
    name: string,
    secret: string,
    around: (secret: string) => string = (it) => `use ${it} here`,
  ) => ({
    name,
    secret,
    text: around(secret),
  });
  return [
    shape("OpenAI, project", joined("sk", "-proj-", random(74, ALNUM), "T3Blbk", "FJ", random(74, ALNUM))),
    shape("OpenAI, project, new", joined("sk", "-proj-", random(120, ALNUM))),
    shape("OpenAI, old", joined("sk", "-", random(20, ALNUM), "T3Blbk", "FJ", random(20, ALNUM))),
    shape("DeepSeek", joined("sk", "-", random(32, HEX))),
    shape("Anthropic", joined("sk", "-ant-api03-", random(93, ALNUM), "AA")),
    shape("Anthropic, OAuth", joined("sk", "-ant-oat01-", random(80, ALNUM))),
    shape("OpenRouter", joined("sk", "-or-v1-", random(64, HEX))),
    shape("Google", joined("AI", "za", random(35, ALNUM))),
    shape("xAI", joined("xai", "-", random(80, ALNUM))),
    shape("Groq", joined("gs", "k_", random(52, ALNUM))),
    shape("Hugging Face", joined("h", "f_", random(34, LETTERS))),
    shape("GitHub, classic", joined("gh", "p_", random(36, ALNUM))),
    shape("GitHub, server", joined("gh", "s_", random(36, ALNUM))),
    shape("GitHub, fine-grained", joined("github", "_pat_", random(82, ALNUM))),
    shape("GitLab", joined("gl", "pat-", random(20, ALNUM))),
    shape("npm", joined("np", "m_", random(36, ALNUM))),
    shape(
      "Slack bot",
      joined("xo", "xb-", random(12, DIGITS), "-", random(12, DIGITS), "-", random(24, ALNUM)),
    ),
    shape(
      "Slack webhook",
      joined(
        "https://hooks.sl",
        "ack.com/services/T",
        random(8, UPPER),
        "/B",
        random(8, UPPER),
        "/",
        random(24, ALNUM),
      ),
    ),
    shape("Stripe", joined("sk", "_live_", random(24, ALNUM))),
    shape("SendGrid", joined("SG", ".", random(22, ALNUM), ".", random(43, ALNUM))),
    shape("Shopify", joined("shp", "at_", random(32, HEX))),
    shape("Linear", joined("lin", "_api_", random(40, ALNUM))),
    shape("Notion", joined("nt", "n_", random(11, DIGITS), random(35, ALNUM))),
    shape("Grafana", joined("gl", "sa_", random(32, ALNUM), "_", random(8, HEX))),
    shape("Vault", joined("hv", "s.", random(95, ALNUM))),
    shape("Databricks", joined("da", "pi", random(32, HEX))),
    shape("Docker", joined("dckr", "_pat_", random(27, ALNUM))),
    shape("Figma", joined("fi", "gd_", random(43, ALNUM))),
    shape("Tailscale", joined("tskey", "-auth-", random(16, ALNUM), "-", random(32, ALNUM))),
    shape("AWS", random(40, ALNUM), (it) => `export AWS_SECRET_ACCESS_KEY=${it}\n`),
    shape("Azure storage", joined("Account", "Key=", random(86, ALNUM), "==")),
    shape(
      "Postgres",
      joined("S3cr", random(12, ALNUM)),
      (it) => `postgres://app:${it}@db.internal.example:5432/prod`,
    ),
    shape(
      "MongoDB",
      joined("S3cr", random(12, ALNUM)),
      (it) => `mongodb+srv://app:${it}@cluster0.example.net/prod`,
    ),
    shape(
      "Basic auth in a URL",
      joined("S3cr", random(12, ALNUM)),
      (it) => `https://build:${it}@repo.example.com/x`,
    ),
    shape("RSA private key", pem("RSA PRIVATE KEY")),
    shape("private key", pem("PRIVATE KEY")),
    shape("OpenSSH private key", pem("OPENSSH PRIVATE KEY")),
    shape("a gateway key of Postern", joined("ps", "t_", random(43, ALNUM))),
  ];
}
