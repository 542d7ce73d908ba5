/**
 * The packages in a bill of materials whose code ships.
 *
 * @param {string} text CycloneDX JSON
 * @returns {{ name: string, version: string, license: string, hashed: boolean }[]} by their full names
 */
export function shippedLibraries(text) {
  /** @type {{ components: { type: string, group?: string, name: string, version: string, licenses: { expression: string }[], hashes?: unknown[] }[] }} */
  const { components } = JSON.parse(text);
  return components
    .filter(({ type }) => type === "library")
    .map(({ group, name, version, licenses, hashes }) => ({
      name: group ? `${group}/${name}` : name,
      version,
      license: licenses.map(({ expression }) => expression).join(" AND "),
      hashed: hashes !== undefined,
    }));
}
