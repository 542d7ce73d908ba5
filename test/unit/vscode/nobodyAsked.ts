import type { AskedElsewhere } from "../../../src/vscode/providers/registry";

/** Neither programs nor accounts. */
export const nobodyAsked: AskedElsewhere = {
  asked: () => ({ kind: "missing", reason: "nobody is asked here" }),
  settled: async () => {},
};
