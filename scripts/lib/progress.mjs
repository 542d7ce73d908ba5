// Progress of slow steps, on stderr, so that stdout stays for results.

/**
 * Announces a step, runs it, and says how long it took. While it runs a line each ten seconds shows that it
 * is alive (a first download can take minutes on a slow line).
 *
 * @template T
 * @param {string} label what is being done, e.g. "Installing code-server"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>} what `work` resolves to; its error passes through unchanged
 */
export async function withProgress(label, work) {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
  process.stderr.write(`${label} …\n`);
  const alive = setInterval(() => process.stderr.write(`${label} … ${seconds()}\n`), 10_000);
  try {
    const result = await work();
    process.stderr.write(`${label}: done in ${seconds()}\n`);
    return result;
  } catch (error) {
    process.stderr.write(`${label}: failed after ${seconds()}\n`);
    throw error;
  } finally {
    clearInterval(alive);
  }
}
