import type { CatalogueData } from "../../core/models/catalogueData";
import data from "../../core/models/data/catalogue.json";

/** A file of its own in the package, read when an engine has its first provider. */
export const CATALOGUE_DATA: CatalogueData = data;
