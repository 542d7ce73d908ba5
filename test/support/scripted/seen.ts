/** A tool as a request declares it. */
export interface SeenTool {
  readonly name: string;
  readonly custom: boolean;
}

/** A call that stands in the history. */
export interface SeenCall {
  readonly id: string;
  readonly name: string;
  /** JSON text; of a custom tool, the free text. */
  readonly input: string;
}

export interface SeenResult {
  readonly id: string;
  readonly text: string;
  readonly isError: boolean;
}

/** A request as the scripted provider understood it, in no protocol's words. */
export interface Seen {
  readonly model: string;
  readonly stream: boolean;
  /** Instructions, wherever they stood. */
  readonly system: readonly string[];
  /** What was said, in order, with who said it. */
  readonly texts: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
  readonly tools: readonly SeenTool[];
  readonly calls: readonly SeenCall[];
  readonly results: readonly SeenResult[];
  /** Addresses, or data URLs. */
  readonly images: readonly string[];
  readonly documents: readonly string[];
  /** Thinking that came back, by its text. */
  readonly thinking: readonly string[];
  /** Whether the last thing in the conversation is a tool's result. */
  readonly answersResult: boolean;
  /** Whether the request wants reasoning. */
  readonly reasoning: boolean;
  readonly schema?: unknown;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A `Seen` that is being collected. */
export class SeenBuilder {
  readonly system: string[] = [];
  readonly texts: { role: "user" | "assistant"; text: string }[] = [];
  readonly tools: SeenTool[] = [];
  readonly calls: SeenCall[] = [];
  readonly results: SeenResult[] = [];
  readonly images: string[] = [];
  readonly documents: string[] = [];
  readonly thinking: string[] = [];
  answersResult = false;
  reasoning = false;
  schema: unknown;

  constructor(readonly body: Readonly<Record<string, unknown>>) {}

  say(role: "user" | "assistant", text: string): void {
    this.texts.push({ role, text });
    this.answersResult = false;
  }

  result(result: SeenResult): void {
    this.results.push(result);
    this.answersResult = true;
  }

  build(): Seen {
    const { system, texts, tools, calls, results, images, documents, thinking, body } = this;
    return {
      model: String(body.model),
      stream: body.stream === true,
      system,
      texts,
      tools,
      calls,
      results,
      images,
      documents,
      thinking,
      answersResult: this.answersResult,
      reasoning: this.reasoning,
      ...(this.schema === undefined ? {} : { schema: this.schema }),
      body,
    };
  }
}
