import { asObject, isObject, type JsonObject, parseJson } from "../json/access";

/** How a vector stands in the JSON: a list of numbers, or base64 of float32, little-endian. */
export type EmbeddingForm = "float" | "base64";

/**
 * The form that a provider answered in, told by the first vector's first character.
 * @param head the beginning of the answer, as text
 * @returns undefined where no vector has begun yet
 */
export function formOf(head: string): EmbeddingForm | undefined {
  // `"object":"embedding"` is a value, and no colon follows it.
  const found = /"embedding"\s*:\s*(["[])/.exec(head);
  if (!found) return undefined;
  return found[1] === "[" ? "float" : "base64";
}

/**
 * An answer with its vectors in the form the client asked for; everything else in it stays.
 * https://platform.openai.com/docs/api-reference/embeddings/create
 * @returns undefined where it is no list of vectors that can be read
 */
export function embeddingsIn(form: EmbeddingForm, answer: string): JsonObject | undefined {
  const parsed = parseJson(answer);
  if (!isObject(parsed) || !Array.isArray(parsed.data)) return undefined;
  const data: JsonObject[] = [];
  for (const entry of parsed.data) {
    const embedding = converted(form, asObject(entry).embedding);
    if (embedding === undefined) return undefined;
    data.push({ ...asObject(entry), embedding });
  }
  return { ...parsed, data };
}

function converted(form: EmbeddingForm, vector: unknown): string | number[] | undefined {
  if (typeof vector === "string") return form === "base64" ? vector : floatsOf(vector);
  if (!Array.isArray(vector) || !vector.every((value) => typeof value === "number")) return undefined;
  return form === "float" ? vector : base64Of(vector);
}

/** In pieces, so that a long vector does not exceed the argument limit of `String.fromCharCode`. */
const PIECE = 8192;

function base64Of(floats: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(floats.length * 4));
  floats.forEach((value, index) => {
    view.setFloat32(index * 4, value, true);
  });
  const bytes = new Uint8Array(view.buffer);
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary);
}

function floatsOf(base64: string): number[] | undefined {
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    return undefined;
  }
  if (binary.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const floats = Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
  return floats.every(Number.isFinite) ? floats : undefined;
}
