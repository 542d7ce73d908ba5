import { asString, type JsonObject, nonEmpty } from "../../json/access";

/** An output item of a stream, as far as it has come. */
export interface ItemState {
  readonly type: string;
  /** Its place among all that began: what tells a call apart from the others. */
  readonly call: number;
  id: string | undefined;
  callId: string | undefined;
  name: string | undefined;
  /** Its `output_item.added` has come. */
  added: boolean;
  /** The client has been told of the call. */
  announced: boolean;
  ended: boolean;
  /** What was written of each part. */
  readonly written: Map<string, string>;
  open: boolean;
  /** Where the reasoning text of this item comes from. */
  source: "summary" | "content" | undefined;
}

/** What an event says of the item it belongs to. */
interface Mention {
  readonly type: string;
  readonly index: number | undefined;
  readonly id?: string | undefined;
  readonly callId?: string | undefined;
}

/** An answer of more items than this is none. */
export const MAX_ITEMS = 4096;

export class TooManyItemsError extends Error {}

function kindOf(type: string): "message" | "reasoning" | "call" | "other" {
  if (type === "message" || type === "reasoning") return type;
  return type === "function_call" || type === "custom_tool_call" ? "call" : "other";
}

export function isCall(type: string): boolean {
  return kindOf(type) === "call";
}

/**
 * Which item an event is about. `output_index` says it, but there are servers that leave it out or give every item
 * the same one; `id` says it, but there are servers that change it with every event. So neither is believed against
 * the other, the type, or the `call_id`: what cannot be the item at an index is another item.
 */
export function createItemStates() {
  const all: ItemState[] = [];
  const atIndex = new Map<number, ItemState>();
  const byId = new Map<string, ItemState>();
  const byCallId = new Map<string, ItemState>();

  const note = (state: ItemState, { id, callId }: Mention): ItemState => {
    state.id ??= id;
    state.callId ??= callId;
    if (id !== undefined && id === state.id) byId.set(id, state);
    if (callId !== undefined) byCallId.set(callId, state);
    return state;
  };
  const begin = (mention: Mention): ItemState => {
    if (all.length >= MAX_ITEMS) throw new TooManyItemsError();
    const state: ItemState = {
      type: mention.type,
      call: all.length,
      id: undefined,
      callId: undefined,
      name: undefined,
      added: false,
      announced: false,
      ended: false,
      written: new Map(),
      open: false,
      source: undefined,
    };
    all.push(state);
    if (mention.index !== undefined) atIndex.set(mention.index, state);
    return note(state, mention);
  };
  const fits = (state: ItemState | undefined, { type, callId }: Mention): state is ItemState =>
    state !== undefined &&
    kindOf(state.type) === kindOf(type) &&
    (callId === undefined || state.callId === undefined || callId === state.callId);
  /** Where there is no index: what is open, and the newest of it. */
  const newest = (mention: Mention): ItemState | undefined => {
    for (let at = all.length - 1; at >= 0; at--) {
      const state = all[at];
      if (!state?.ended && fits(state, mention)) return state;
    }
    return all.at(-1);
  };

  /** @param whole the event has the whole item, so that one without a name of its own is not the one before */
  const find = (mention: Mention, whole: boolean): ItemState => {
    const { index, id, callId } = mention;
    const called = callId === undefined ? undefined : byCallId.get(callId);
    if (fits(called, mention)) return called;
    const indexed = index === undefined ? undefined : atIndex.get(index);
    if (id !== undefined && !(indexed?.id === id && fits(indexed, mention))) {
      const named = byId.get(id);
      if (fits(named, mention) && (index === undefined || !named.ended)) return named;
    }
    const state = index === undefined ? newest(mention) : indexed;
    if (!fits(state, mention)) return begin(mention);
    if (!state.ended) return note(state, mention);
    const another =
      id === undefined || state.id === undefined ? whole && index === undefined : id !== state.id;
    return another ? begin(mention) : state;
  };

  const mentionOf = (item: JsonObject, index: number | undefined): Mention => ({
    type: asString(item.type) ?? "",
    index,
    id: nonEmpty(item.id),
    callId: nonEmpty(item.call_id),
  });

  return {
    all: all as readonly ItemState[],
    /** Of `output_item.added`. */
    added(item: JsonObject, index: number | undefined): ItemState {
      const mention = mentionOf(item, index);
      const { id } = mention;
      const state = index === undefined ? all.at(-1) : atIndex.get(index);
      const repeated =
        fits(state, mention) &&
        !state.ended &&
        (!state.added ||
          (id === undefined || state.id === undefined ? index !== undefined : id === state.id));
      const found = repeated ? note(state, mention) : begin(mention);
      found.added = true;
      return found;
    },
    /** Of an event with a piece of an item of this type. */
    piece: (type: string, index: number | undefined, id: string | undefined): ItemState =>
      find({ type, index, id }, false),
    /** Of `output_item.done`. */
    done: (item: JsonObject, index: number | undefined): ItemState => find(mentionOf(item, index), true),
    /** An item of the whole response that no event was about. */
    late: (item: JsonObject): ItemState => begin(mentionOf(item, undefined)),
    /** The items of the whole response, by what came of them before: by their names, or else by type and order. */
    match(output: readonly JsonObject[]): Map<ItemState, JsonObject> {
      const matched = new Map<ItemState, JsonObject>();
      const pairs = (same: (state: ItemState, mention: Mention, item: JsonObject) => boolean): void => {
        const taken = new Set(matched.values());
        for (const item of output) {
          if (taken.has(item)) continue;
          const mention = mentionOf(item, undefined);
          const state = all.find(
            (candidate) =>
              !matched.has(candidate) &&
              kindOf(candidate.type) === kindOf(mention.type) &&
              same(candidate, mention, item),
          );
          if (state) matched.set(state, item);
        }
      };
      pairs((state, { callId }) => callId !== undefined && callId === state.callId);
      pairs((state, mention) => mention.id !== undefined && mention.id === state.id && fits(state, mention));
      pairs(fits);
      // A call that got another `call_id` at the end is still that call.
      pairs(
        (state, _, item) =>
          state.announced &&
          state.name === nonEmpty(item.name) &&
          state.written.get("arguments") === (item.arguments ?? item.input),
      );
      return matched;
    },
  };
}
