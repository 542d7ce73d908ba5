import { KEY_BY_REFERENCE } from "../config/parse";
import { hasKeyForm } from "../providers/pastedKey";

const NAME = /auth|key|token|secret|cookie|password|credential/i;
const SCHEME = /^(?:bearer|basic|token)\s+\S/i;

/**
 * Whether a header may hold a key: by its name, or by how its value looks, because companies' gateways call such
 * headers what they like. One that only names a variable holds none.
 */
export function mayHoldKey(name: string, value: string): boolean {
  if (KEY_BY_REFERENCE.test(value.trim())) return false;
  return NAME.test(name) || SCHEME.test(value.trim()) || hasKeyForm(value.trim());
}
