/** One file of an archive. */
export interface TarFile {
  readonly path: string;
  readonly size: number;
}

const BLOCK = 512;

/**
 * Reads an archive as npm packs them (POSIX ustar; names that are longer come in a header of their own, and none of what
 * is wanted here has one).
 * @param wanted whether a file is to be read
 * @returns the pieces of those files, in order
 */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  wanted: (path: string) => boolean,
): AsyncGenerator<{ readonly file: TarFile; readonly data: Uint8Array; readonly isLast: boolean }> {
  let rest: Uint8Array = new Uint8Array(0);
  let file: TarFile | undefined;
  let left = 0;
  let padding = 0;
  let reads = false;
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (left > 0) {
        const data = rest.subarray(0, left);
        if (data.length === 0) break;
        rest = rest.subarray(data.length);
        left -= data.length;
        if (reads && file) yield { file, data, isLast: left === 0 };
        continue;
      }
      if (padding > 0) {
        const skipped = Math.min(padding, rest.length);
        rest = rest.subarray(skipped);
        padding -= skipped;
        if (padding > 0) break;
      }
      if (rest.length < BLOCK) break;
      const header = rest.subarray(0, BLOCK);
      rest = rest.subarray(BLOCK);
      const next = fileOf(header);
      if (!next) continue;
      file = next.file;
      left = file.size;
      padding = (BLOCK - (file.size % BLOCK)) % BLOCK;
      reads = next.isFile && wanted(file.path);
    }
  }
}

function fileOf(header: Uint8Array): { readonly file: TarFile; readonly isFile: boolean } | undefined {
  const field = (from: number, length: number): string =>
    Buffer.from(header.subarray(from, from + length))
      .toString("utf8")
      .split("\0")[0] ?? "";
  const name = field(0, 100);
  // Two empty blocks are the archive's end.
  if (name === "") return undefined;
  const prefix = field(345, 155);
  const size = Number.parseInt(field(124, 12).trim() || "0", 8);
  const type = field(156, 1);
  return {
    file: { path: prefix === "" ? name : `${prefix}/${name}`, size: Number.isFinite(size) ? size : 0 },
    isFile: type === "0" || type === "",
  };
}
