// The bill of materials in the .vsix: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/
// Without a serial number and a time, which the format leaves open: two builds give the same bytes.

/**
 * @param {{ name: string, version: string, license: string }} application
 * @param {import("./shippedPackages.mjs").ShippedPackage[]} packages
 * @param {{ title: string }[]} data packages that data was taken from, each "NAME VERSION (LICENCE), data"
 * @param {{ packages: Record<string, { integrity?: string }> }} lock package-lock.json
 * @returns {string}
 */
export function sbom(application, packages, data, lock) {
  const code = packages.map(({ folder, name, version, license }) => ({
    ...component("library", name, version, license),
    ...hashes(lock.packages[folder]?.integrity),
  }));
  const taken = data.map(({ title }) => {
    const parts = /^(\S+) (\S+) \(([^)]+)\)/.exec(title);
    if (!parts) throw new Error(`the notice "${title}" does not say package, version and licence`);
    const [, name = "", version = "", license = ""] = parts;
    return component("data", name, version, license);
  });
  const bill = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": application.name,
        name: application.name,
        version: application.version,
        licenses: [{ expression: application.license }],
      },
    },
    components: [...code, ...taken],
  };
  return `${JSON.stringify(bill, undefined, 1)}\n`;
}

/**
 * @param {string} type
 * @param {string} fullName
 * @param {string} version
 * @param {string} license
 */
function component(type, fullName, version, license) {
  const [, group, name] = /^(?:(@[^/]+)\/)?(.+)$/.exec(fullName) ?? [];
  const purl = `pkg:npm/${group ? `${group.replace("@", "%40")}/` : ""}${name}@${version}`;
  return {
    type,
    "bom-ref": purl,
    ...(group ? { group } : {}),
    name,
    version,
    licenses: [{ expression: license }],
    purl,
  };
}

/**
 * What npm has verified of the package's archive when it was installed.
 *
 * @param {string | undefined} integrity
 */
function hashes(integrity) {
  const base64 = /^sha512-(.+)$/.exec(integrity ?? "")?.[1];
  return base64
    ? { hashes: [{ alg: "SHA-512", content: Buffer.from(base64, "base64").toString("hex") }] }
    : {};
}
