/** A stream's events as a client sees them; a reader of its own, so that ours is not its own judge. */
export interface SeenEvent {
  readonly name: string;
  readonly data: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the wire says is what the test looks at
  readonly json: any;
}

export function seenEvents(text: string): SeenEvent[] {
  return text
    .replace(/\r\n?/g, "\n")
    .split("\n\n")
    .flatMap((block) => {
      const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
      if (lines.length === 0) return [];
      const field = (name: string) =>
        lines
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
      const data = field("data").join("\n");
      return [
        {
          name: field("event")[0] ?? "",
          data,
          json: data === "[DONE]" || data === "" ? undefined : JSON.parse(data),
        },
      ];
    });
}
