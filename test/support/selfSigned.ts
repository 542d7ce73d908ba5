import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

/** A DER element: tag, length, content. */
function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const oid = (...bytes: number[]) => der(0x06, Buffer.from(bytes));
const time = (moment: Date) => der(0x18, Buffer.from(`${moment.toISOString().replace(/[-:T]|\.\d+/g, "")}`));

const DAY_MS = 24 * 60 * 60 * 1000;
const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const extension = (id: number, value: Uint8Array) => sequence(oid(0x55, 0x1d, id), der(0x04, value));

export interface KeyAndCertificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

interface Contents {
  readonly subject: string;
  readonly issuer: string;
  /** An IPv4 address or a host's name; absent for a CA. */
  readonly address?: string;
  readonly isCa: boolean;
  /** In days from now. */
  readonly days: readonly [from: number, to: number];
}

const nameOf = (commonName: string) =>
  sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(commonName)))));

/** RFC 5280, GeneralName: an address of four bytes or a host's name. */
function generalName(host: string): Buffer {
  const bytes = host.split(".").map(Number);
  const isAddress = bytes.length === 4 && bytes.every((byte) => byte >= 0 && byte < 256);
  return isAddress ? der(0x87, Buffer.from(bytes)) : der(0x82, Buffer.from(host));
}

function certificate(contents: Contents, publicKey: KeyObject, signer: KeyObject): string {
  const { subject, issuer, address, isCa, days } = contents;
  const [from, to] = days.map((day) => time(new Date(Date.now() + day * DAY_MS)));
  const altName = address === undefined ? [] : [extension(0x11, sequence(generalName(address)))];
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(from ?? Buffer.alloc(0), to ?? Buffer.alloc(0)),
    nameOf(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(
      0xa3,
      sequence(extension(0x13, sequence(...(isCa ? [der(0x01, Buffer.from([0xff]))] : []))), ...altName),
    ),
  );
  const signature = createSign("sha256").update(tbs).sign(signer);
  const whole = sequence(tbs, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();

/** A certificate for an IPv4 address on this machine, made anew for each test, so that no key lies in the project. */
export function selfSigned(address: string): KeyAndCertificate {
  const { privateKey, publicKey } = newKeys();
  const name = "postern test";
  const contents = { subject: name, issuer: name, address, isCa: true, days: [-1, 1] } as const;
  return { key: pem(privateKey), cert: certificate(contents, publicKey, privateKey) };
}

/** A CA of one's own, as a company's proxy has one. */
export class OwnAuthority {
  private readonly keys = newKeys();
  private readonly name = `postern test CA ${randomBytes(4).toString("hex")}`;
  /** PEM. */
  readonly cert = certificate(
    { subject: this.name, issuer: this.name, isCa: true, days: [-30, 30] },
    this.keys.publicKey,
    this.keys.privateKey,
  );

  /** A server's certificate for an IPv4 address or a host's name, valid from and to so many days from now. */
  issue(address: string, days: readonly [from: number, to: number] = [-1, 1]): KeyAndCertificate {
    const { privateKey, publicKey } = newKeys();
    const contents = { subject: address, issuer: this.name, address, isCa: false, days };
    return { key: pem(privateKey), cert: certificate(contents, publicKey, this.keys.privateKey) };
  }
}
