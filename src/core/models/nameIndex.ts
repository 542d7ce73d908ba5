import { isDated, plainName, undatedName } from "./modelName";

/**
 * Finds what is kept under a model's name, also by a dated or an undated form of it. A dated name never finds what is
 * kept under another date, and where several dates are kept for an undated name, they have to say the same.
 */
export class NameIndex<T> {
  private readonly exact = new Map<string, T>();
  private readonly undated = new Map<string, { readonly dated: boolean; readonly value: T }[]>();

  add(name: string, value: T): void {
    const plain = plainName(name);
    if (this.exact.has(plain)) return;
    this.exact.set(plain, value);
    const undated = undatedName(plain);
    if (undated === plain) return;
    const others = this.undated.get(undated) ?? [];
    this.undated.set(undated, [...others, { dated: isDated(plain), value }]);
  }

  find(name: string): T | undefined {
    const plain = plainName(name);
    const undated = undatedName(plain);
    const found = this.exact.get(plain) ?? this.exact.get(undated);
    if (found !== undefined) return found;
    const candidates = (this.undated.get(undated) ?? []).filter(({ dated }) => !dated || !isDated(plain));
    const [first, ...others] = candidates.map(({ value }) => value);
    const agreed = others.every((value) => JSON.stringify(value) === JSON.stringify(first));
    return agreed ? first : undefined;
  }
}
