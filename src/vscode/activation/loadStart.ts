/** When the bundle began to run. Imported first, so that the time to load what it bundles counts as activation too. */
export const LOAD_START = performance.now();
