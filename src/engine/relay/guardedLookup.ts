import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { isMetadataHost } from "../../core/providers/linkLocal";

/** The code of a connection that was not made because of where the name led. */
export const METADATA_CODE = "POSTERN_METADATA";

/** The system's own way to look a name up, as far as it is needed. */
type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** Resolves like the system does, but leads nowhere that a cloud hands out credentials. */
export function guardedLookup(resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, done) =>
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      const addresses = found.filter(({ address }) => !isMetadataHost(address));
      const [first] = addresses;
      if (!first) {
        const refused: NodeJS.ErrnoException = new Error("the name leads to a metadata address");
        refused.code = METADATA_CODE;
        return done(refused, []);
      }
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
}
