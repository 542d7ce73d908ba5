import { Catalogue } from "../../core/models/catalogue";

/** Reads the catalogue; some milliseconds. */
export async function loadCatalogue(): Promise<Catalogue> {
  const { CATALOGUE_DATA } = await import("./shippedCatalogue");
  return new Catalogue(CATALOGUE_DATA);
}
