/**
 * Addresses that no model provider has: link-local ones, and those at which clouds hand out the machine's own
 * credentials to whoever asks. A configuration that names one was written by somebody who wants those.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
 * https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16,
 * https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata,
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html,
 * https://cloud.google.com/compute/docs/metadata/querying-metadata,
 * https://docs.cloud-init.io/en/latest/reference/datasources/scaleway.html; 192.0.0.192 is Oracle's older cloud.
 */
const METADATA_ADDRESSES = new Set([
  "168.63.129.16",
  "100.100.100.200",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "fd00:42::42",
]);
const METADATA_NAMES =
  /^(metadata\.google\.internal|metadata\.goog|metadata|instance-data(\.ec2\.internal)?|metadata\.tencentyun\.com)\.?$/;

/** @param host a name or an address as `URL.hostname` or a resolver writes it, with or without brackets */
export function isMetadataHost(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "");
  if (METADATA_NAMES.test(name)) return true;
  const v4 = mappedV4(name) ?? name;
  return METADATA_ADDRESSES.has(v4) || /^169\.254\./.test(v4) || /^fe[89ab][0-9a-f]:/.test(v4);
}

/** What stands before an IPv4 address: mapped, the older form without `ffff`, translated, and as NAT64 has it. */
const BEFORE_V4 =
  /^(?:::ffff:|::|::ffff:0:|64:ff9b::|64:ff9b:1::)((?:\d+\.){3}\d+|[0-9a-f]{1,4}:[0-9a-f]{1,4})$/;
const WITHIN_6TO4 = /^2002:([0-9a-f]{1,4}:[0-9a-f]{1,4}):/;

/**
 * An IPv4 address within an IPv6 one (`::ffff:169.254.169.254`, as URLs write it `::ffff:a9fe:a9fe`):
 * RFC 4291 2.5.5, RFC 2765 2.1, RFC 6052 2.1, RFC 8215, RFC 3056.
 */
function mappedV4(address: string): string | undefined {
  const rest = (BEFORE_V4.exec(address) ?? WITHIN_6TO4.exec(address))?.[1];
  if (rest === undefined) return undefined;
  if (rest.includes(".")) return rest;
  const [high, low] = rest.split(":").map((part) => Number.parseInt(part, 16));
  if (high === undefined || low === undefined) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
