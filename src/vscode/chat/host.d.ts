import "vscode";

/**
 * What VS Code does at run time though its stable types do not say so (proposed API that is not gated; checked on
 * 1.139). Whatever is here is looked for before it is used.
 */
declare module "vscode" {
  /** What a model thought, shown folded up; `metadata` comes back with the conversation. */
  export class LanguageModelThinkingPart {
    value: string | string[];
    id?: string;
    metadata?: { readonly [key: string]: unknown };
    constructor(value: string | string[], id?: string, metadata?: { readonly [key: string]: unknown });
  }

  export interface ProvideLanguageModelChatResponseOptions {
    /** Id of the extension that asks; `core` for VS Code itself. */
    readonly requestInitiator?: string;
    /** What the person has chosen of the model's `configurationSchema`. */
    readonly modelConfiguration?: { readonly [key: string]: unknown };
  }

  export interface LanguageModelToolResultPart {
    readonly isError?: boolean;
  }

  export interface LanguageModelChatInformation {
    readonly isUserSelectable?: boolean;
    readonly isBYOK?: boolean;
    readonly pricing?: string;
    readonly maxContextWindowTokens?: number;
    readonly configurationSchema?: object;
  }
}
