/** The version in package.json, put in by esbuild.mjs. */
declare const POSTERN_VERSION: string;
