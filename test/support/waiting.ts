/** Long enough for a loaded machine; what takes longer is not coming. */
const BOUND_MS = 15_000;

/** The promise's value, or a failure that names what did not come. */
export async function within<T>(promise: Promise<T>, what: string, milliseconds = BOUND_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} did not come within ${milliseconds} ms`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is truthy, for what sends no event of its own. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  what: string,
  milliseconds = BOUND_MS,
): Promise<NonNullable<T>> {
  const until = performance.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > until) throw new Error(`${what} did not come within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
