import type { StreamEvent } from "../../conversation/answer";
import { asCount, asObject, isObject, type JsonObject, nonEmpty } from "../../json/access";

/** A tool call as its pieces come in. */
interface Slot {
  readonly call: number;
  readonly wireIndex: number | undefined;
  id: string;
  name: string;
  custom: boolean;
  extra: JsonObject | undefined;
  /** Arguments that came before id and name were known. */
  early: string[];
  /** The client has been told of the call. */
  announced: boolean;
  /** Another call took over its index. */
  closed: boolean;
}

/**
 * Collects the pieces of tool calls. The protocol says that id and name come first and `index` tells calls apart;
 * servers in use send them late, empty, null, again with every piece, or not at all, and some give every parallel
 * call the index 0. Nothing is passed on before id and name are known, and no call gets another's arguments.
 */
export function createToolSlots(newId: (prefix: string) => string): {
  piece(piece: JsonObject): StreamEvent[];
  end(): StreamEvent[];
  count(): number;
} {
  const slots: Slot[] = [];
  const ids = new Set<string>();

  const find = (piece: JsonObject, id: string | undefined, name: string | undefined): Slot | undefined => {
    const index = asCount(piece.index);
    if (index === undefined)
      return id ? slots.find((slot) => slot.id === id) : name ? undefined : slots.at(-1);
    const slot = slots.find((candidate) => candidate.wireIndex === index && !candidate.closed);
    // A fresh id and a name at an index in use: another call.
    if (slot && id && slot.id && id !== slot.id && name) {
      slot.closed = true;
      return undefined;
    }
    return slot;
  };

  const announce = (slot: Slot): StreamEvent[] => {
    slot.announced = true;
    if (slot.id === "" || ids.has(slot.id)) slot.id = newId("call_");
    ids.add(slot.id);
    const early = slot.early.join("");
    slot.early = [];
    const { call, id, name, custom, extra } = slot;
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
      let slot = find(piece, id, name);
      if (!slot) {
        slot = {
          call: slots.length,
          wireIndex: asCount(piece.index),
          id: "",
          name: "",
          custom: false,
          extra: undefined,
          early: [],
          announced: false,
          closed: false,
        };
        slots.push(slot);
      }
      if (!slot.announced) {
        slot.id ||= id ?? "";
        slot.name ||= name ?? "";
        slot.custom ||= isObject(piece.custom) || piece.type === "custom";
        if (isObject(piece.extra_content)) slot.extra = piece.extra_content;
      }
      const raw = isObject(piece.custom) ? body.input : body.arguments;
      // Ollama's and other servers' arguments are an object at times.
      const text = typeof raw === "string" ? raw : isObject(raw) ? JSON.stringify(raw) : "";
      if (slot.announced) return text === "" ? [] : [{ type: "toolArguments", call: slot.call, text }];
      if (text !== "") slot.early.push(text);
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
    count: () => slots.filter((slot) => slot.announced).length,
  };
}
