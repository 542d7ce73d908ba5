import { isObject, type JsonObject } from "../../../src/core/json/access";
import { Refusal } from "./refusal";

/** Reads a request the way OpenAI's servers do: every field has to be known. */
export class OpenAiFields {
  constructor(
    readonly value: JsonObject,
    readonly path: string,
  ) {}

  static of(value: unknown, path: string): OpenAiFields {
    if (!isObject(value)) {
      throw new Refusal(`Invalid type for '${path}': expected an object.`, {
        param: path,
        code: "invalid_type",
      });
    }
    return new OpenAiFields(value, path);
  }

  at(key: string | number): string {
    if (typeof key === "number") return `${this.path}[${key}]`;
    return this.path === "" ? key : `${this.path}.${key}`;
  }

  only(...allowed: readonly string[]): this {
    for (const key of Object.keys(this.value)) {
      if (allowed.includes(key)) continue;
      const param = this.at(key);
      throw new Refusal(`Unknown parameter: '${param}'.`, { param, code: "unknown_parameter" });
    }
    return this;
  }

  has(key: string): boolean {
    return this.value[key] !== undefined && this.value[key] !== null;
  }

  refuse(key: string, why: string, code = "invalid_value"): never {
    throw new Refusal(why, { param: this.at(key), code });
  }

  private missing(key: string): never {
    return this.refuse(key, `Missing required parameter: '${this.at(key)}'.`, "missing_required_parameter");
  }

  private typed(key: string, expected: string): never {
    return this.refuse(key, `Invalid type for '${this.at(key)}': expected ${expected}.`, "invalid_type");
  }

  string(key: string, limits: { max?: number; pattern?: RegExp } = {}): string {
    const value = this.value[key];
    if (value === undefined || value === null) this.missing(key);
    if (typeof value !== "string") this.typed(key, "a string");
    const { max, pattern } = limits;
    if (max !== undefined && value.length > max) {
      const long = `Invalid '${this.at(key)}': string too long. Expected a string with maximum length ${max}, but got a string with length ${value.length} instead.`;
      this.refuse(key, long, "string_above_max_length");
    }
    if (pattern && !pattern.test(value)) {
      const why = `Invalid '${this.at(key)}': string does not match pattern. Expected a string that matches the pattern '${pattern.source}'.`;
      this.refuse(key, why);
    }
    return value;
  }

  optionalString(key: string, limits: { max?: number; pattern?: RegExp } = {}): string | undefined {
    return this.has(key) ? this.string(key, limits) : undefined;
  }

  oneOf(key: string, values: readonly string[]): string | undefined {
    const value = this.optionalString(key);
    if (value !== undefined && !values.includes(value)) {
      this.refuse(key, `Invalid value: '${value}'. Supported values are: ${values.join(", ")}.`);
    }
    return value;
  }

  number(key: string, min: number, max: number): number | undefined {
    if (!this.has(key)) return undefined;
    const value = this.value[key];
    if (typeof value !== "number") this.typed(key, "a number");
    if (value < min) {
      const why = `Invalid '${this.at(key)}': below minimum value. Expected a value >= ${min}, but got ${value} instead.`;
      this.refuse(key, why, "integer_below_min_value");
    }
    if (value > max) this.refuse(key, `Invalid '${this.at(key)}': above maximum value ${max}.`);
    return value;
  }

  boolean(key: string): boolean | undefined {
    if (!this.has(key)) return undefined;
    const value = this.value[key];
    return typeof value === "boolean" ? value : this.typed(key, "a boolean");
  }

  list(key: string): readonly unknown[] {
    const value = this.value[key];
    if (value === undefined || value === null) this.missing(key);
    return Array.isArray(value) ? value : this.typed(key, "an array");
  }

  object(key: string): OpenAiFields {
    if (!this.has(key)) this.missing(key);
    return OpenAiFields.of(this.value[key], this.at(key));
  }

  /** The objects of a list. */
  objects(key: string): OpenAiFields[] {
    return this.list(key).map((entry, index) => OpenAiFields.of(entry, `${this.at(key)}[${index}]`));
  }
}
