import type { StreamEvent } from "../../conversation/answer";
import { asCount, asObject, isObject, type JsonObject, nonEmpty } from "../../json/access";

/** A tool call as its pieces come in. */
interface Slot {
  readonly call: number;
  id: string;
  name: string;
  custom: boolean;
  extra: JsonObject | undefined;
  /** Arguments that came before id and name were known. */
  early: string[];
  /** The client has been told of the call. */
  announced: boolean;
  /** Whether the arguments are whole, as far as brackets can tell. */
  readonly balance: Balance;
  /** Its name came again after its arguments were whole: what comes next is another call of that name. */
  again: boolean;
}

/** An answer of more calls than this is none. */
const MAX_CALLS = 4096;

/**
 * Collects the pieces of tool calls. The protocol says that id and name come first and `index` tells calls apart;
 * servers in use send them late, empty, null, again with every piece, or not at all, and some give every parallel
 * call the index 0, with or without ids. Nothing is passed on before id and name are known, and no call gets
 * another's arguments.
 */
export function createToolSlots(newId: (prefix: string) => string): {
  /** @returns undefined where there are too many calls */
  piece(piece: JsonObject): StreamEvent[] | undefined;
  end(): StreamEvent[];
  count(): number;
} {
  const slots: Slot[] = [];
  /** The newest at each index, and the first of each id. */
  const atIndex = new Map<number, Slot>();
  const byId = new Map<string, Slot>();
  const ids = new Set<string>();
  let count = 0;

  const find = (
    piece: JsonObject,
    id: string | undefined,
    name: string | undefined,
    text: string,
  ): Slot | undefined => {
    const index = asCount(piece.index);
    if (index === undefined) return id ? byId.get(id) : name ? undefined : slots.at(-1);
    const slot = atIndex.get(index);
    if (!slot) return undefined;
    // A fresh id and a name at an index in use: another call.
    if (id && slot.id) return id !== slot.id && name ? undefined : slot;
    if (!name) return slot.again && text !== "" ? undefined : slot;
    if (slot.name === "") return slot;
    // So is another name, or the same one after arguments that are whole.
    if (name !== slot.name) return undefined;
    if (id || slot.id !== "" || !slot.balance.whole()) return slot;
    slot.again = text === "";
    return slot.again ? slot : undefined;
  };

  const announce = (slot: Slot): StreamEvent[] => {
    slot.announced = true;
    count++;
    const id = slot.id === "" || ids.has(slot.id) ? newId("call_") : slot.id;
    ids.add(id);
    const early = slot.early.join("");
    slot.early = [];
    const { call, name, custom, extra } = slot;
    const value = { call: id, extra_content: extra };
    return [
      { type: "toolStart", call, id, name, custom, ...(extra ? { seal: { protocol: "chat", value } } : {}) },
      ...(early === "" ? [] : [{ type: "toolArguments", call, text: early } as const]),
    ];
  };

  return {
    piece(piece) {
      const body = isObject(piece.custom) ? piece.custom : asObject(piece.function);
      const id = nonEmpty(piece.id);
      const name = nonEmpty(body.name);
      const raw = isObject(piece.custom) ? body.input : body.arguments;
      // Ollama's and other servers' arguments are an object at times.
      const text = typeof raw === "string" ? raw : isObject(raw) ? JSON.stringify(raw) : "";
      const index = asCount(piece.index);
      let slot = find(piece, id, name, text);
      if (!slot) {
        if (slots.length >= MAX_CALLS) return undefined;
        const before = index === undefined ? undefined : atIndex.get(index);
        slot = {
          call: slots.length,
          id: "",
          name: before?.again ? before.name : "",
          custom: false,
          extra: undefined,
          early: [],
          announced: false,
          balance: createBalance(),
          again: false,
        };
        slots.push(slot);
        if (index !== undefined) atIndex.set(index, slot);
      }
      if (!slot.announced) {
        slot.id ||= id ?? "";
        if (slot.id !== "" && !byId.has(slot.id)) byId.set(slot.id, slot);
        slot.name ||= name ?? "";
        slot.custom ||= isObject(piece.custom) || piece.type === "custom";
        if (isObject(piece.extra_content)) slot.extra = piece.extra_content;
      }
      if (slot.announced) return text === "" ? [] : [{ type: "toolArguments", call: slot.call, text }];
      if (text !== "") {
        slot.early.push(text);
        slot.balance.read(text);
      }
      return slot.id !== "" && slot.name !== "" ? announce(slot) : [];
    },
    end() {
      const out: StreamEvent[] = [];
      for (const slot of slots) {
        if (!slot.announced) {
          if (slot.name === "") {
            // Without a name there is nothing to call; without anything else there was no call.
            if (slot.early.length === 0 && slot.id === "") continue;
            slot.name = "unnamed_tool";
          }
          out.push(...announce(slot));
        }
        out.push({ type: "toolEnd", call: slot.call });
      }
      return out;
    },
    count: () => count,
  };
}

interface Balance {
  read(text: string): void;
  whole(): boolean;
}

/** Follows the brackets of JSON that comes in pieces; to parse what is there with every piece would take too long. */
function createBalance(): Balance {
  let depth = 0;
  let began = false;
  let quoted = false;
  let escaped = false;
  return {
    read(text) {
      for (const character of text) {
        if (escaped) escaped = false;
        else if (quoted) {
          if (character === "\\") escaped = true;
          else if (character === '"') quoted = false;
        } else if (character === '"') quoted = true;
        else if (character === "{" || character === "[") {
          began = true;
          depth++;
        } else if (character === "}" || character === "]") depth--;
      }
    },
    whole: () => began && depth <= 0 && !quoted,
  };
}
