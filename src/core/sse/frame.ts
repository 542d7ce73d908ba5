/** An event as it stands on the wire. */
export interface Frame {
  /** The `event:` field, or "" where there is none. */
  readonly event: string;
  /** The `data:` lines, joined by line feeds. */
  readonly data: string;
}

/** Decodes one whole frame; comments and other fields are left out. */
export function decodeFrame(bytes: Uint8Array): Frame {
  let event = "";
  const data: string[] = [];
  for (const line of new TextDecoder().decode(bytes).split(/\r\n|\n|\r/)) {
    const value = /^(event|data)(?:: ?(.*))?$/s.exec(line);
    if (value?.[1] === "event") event = value[2] ?? "";
    else if (value?.[1] === "data") data.push(value[2] ?? "");
  }
  return { event, data: data.join("\n") };
}

/** The data of a frame as a JSON object, or undefined where it is not one. */
export function frameObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  return objectOf(decodeFrame(bytes).data);
}

/** A text as a JSON object, or undefined where it is not one. */
export function objectOf(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
