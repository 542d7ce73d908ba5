// Where the scripts find and keep things.
import { fileURLToPath } from "node:url";

/** The repository's root, without a trailing separator. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/**
 * @param {...string} parts below the repository's root
 * @returns {string}
 */
export const inRoot = (...parts) => [root, ...parts].join("/");

/** Downloads that outlive a run; git ignores it, as it does for `@vscode/test-electron`. */
export const cacheFolder = inRoot(".vscode-test");

/** What a run leaves to be looked at: screenshots, result files, logs of the servers. */
export const artefactsFolder = inRoot(".artefacts");
