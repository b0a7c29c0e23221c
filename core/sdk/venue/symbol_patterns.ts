/** Which symbols the host wants, as patterns. */
export { matchesAny } from "../../model/symbol_pattern.ts";
