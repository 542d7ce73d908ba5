import { asArray, asObject, type JsonObject } from "../../json/access";
import type { ModelPrice, Rates } from "../price";

/** What a list says of one model, as its provider sends it. */
export type Entry = JsonObject;

/** A number of tokens, where there is one: some lists write 0 or null for "not known". */
export function tokens(...candidates: readonly unknown[]): number | undefined {
  return candidates.find(
    (value): value is number => typeof value === "number" && Number.isSafeInteger(value) && value > 0,
  );
}

export function flag(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** Whether a list of words has one; undefined where there is no list. */
export function has(words: unknown, ...wanted: readonly string[]): boolean | undefined {
  return Array.isArray(words) ? wanted.some((word) => words.includes(word)) : undefined;
}

/** A member of a member of …; undefined where one of them is none. */
export function at(entry: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((value, name) => asObject(value)[name], entry);
}

/** The facts that are there, without those that are not. */
export function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** A price, if it says at least what input costs. */
export function price(
  rates: { [K in keyof Rates]: number | undefined },
  more: Partial<ModelPrice> = {},
): ModelPrice | undefined {
  return rates.input === undefined ? undefined : { ...present(rates), ...more };
}

/** US dollars per million tokens as a list gives them; a negative one means "it depends". */
export function dollars(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

export function objects(value: unknown): readonly JsonObject[] {
  return asArray(value).map(asObject);
}
