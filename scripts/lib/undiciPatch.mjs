// undici 7 ends the whole process with an assertion where a provider closes its connection while a client is slower
// than it (https://github.com/nodejs/undici/issues/5360). Version 8 has a remedy and does not run on Node 20, so it is
// carried over into the bundle: what has come is parsed to its end before the end is told.
// https://github.com/nodejs/undici/pull/5474

const FAULTY = `
    assert(this.ptr != null)
    assert(!this.paused)

    const { llhttp } = this

    let ret
`;

const MENDED = `
    assert(this.ptr != null)

    const { llhttp } = this

    let ret

    if (this.paused) {
      let rest
      do {
        llhttp.llhttp_resume(this.ptr)
        this.paused = false
        rest = this.socket.read() || EMPTY_BUF
        this.execute(rest)
      } while (this.paused && rest.length > 0)
      if (this.paused) {
        llhttp.llhttp_resume(this.ptr)
        this.paused = false
      }
    }
`;

/** The one file that is patched. */
export const PATCHED_FILE = /[\\/]undici[\\/]lib[\\/]dispatcher[\\/]client-h1\.js$/;

/**
 * @param {string} source undici's lib/dispatcher/client-h1.js
 * @returns {string}
 * @throws where the place is not found: undici has changed, and perhaps needs no patch any more
 */
export function mendedClient(source) {
  if (source.split(FAULTY).length !== 2)
    throw new Error("undici's Parser.finish is not as the patch knows it; see scripts/lib/undiciPatch.mjs");
  return source.replace(FAULTY, MENDED);
}
