/**
 * How two ids are told to be of one model. Nothing here guesses: what is not known to be the same is not.
 */

/** A date behind a name: 20250929, 2025-09-29, 09-2025, 06-05; Vertex puts it behind an @. */
const DATE = /[-@](?:20\d{2}(?:-?\d{2}){2}|\d{2}-20\d{2}|\d{2}-\d{2})$/;

/** Bedrock's first revision of a model, which some of its names carry and some do not. */
const REVISION = /(?<=^[a-z-]+\.[a-z].*)(?:-v1)?(?::0)?$/;

/** The newest of a name, whichever that is. */
const NEWEST = /[-@](?:latest|default)$/;

/**
 * A name to compare: lower case, without the folders that some lists put before it and without a first revision, and
 * with one way to write a version (`claude-sonnet-4.5` is `claude-sonnet-4-5`).
 */
export function plainName(id: string): string {
  return id
    .toLowerCase()
    .replace(/^(?:models|publishers\/[^/]+\/models)\//, "")
    .replace(REVISION, "")
    .replace(/(?<=\d)\.(?=\d)/g, "-");
}

/** A plain name without its date or `latest`; the same name where it has none. */
export function undatedName(plain: string): string {
  return plain.replace(NEWEST, "").replace(DATE, "");
}

/** Whether a plain name is of one version for good, not of the newest one. */
export function isDated(plain: string): boolean {
  return DATE.test(plain);
}

/**
 * Without the place where Bedrock serves it from: `us.anthropic.…`, `global.…`. The price may depend on it, what the
 * model can does not.
 */
export function withoutRegion(plain: string): string {
  return plain.replace(/^(?:global|us-gov|us|eu|apac|jp|au|ca|in|sa|me|af)\.(?=[a-z0-9-]+\.)/, "");
}

/** Without a router's variant behind it (`:online`, `:nitro`), which costs something else but is the same model. */
export function withoutVariant(plain: string): string {
  return plain.replace(/:[a-z]+$/, "");
}
