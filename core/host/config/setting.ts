/** One setting of the configuration file, as a person names and writes it; apart from the list, which takes the schema to make. */

/** How a setting is written where only text can be: `list` with commas, `json` as in the file. */
export type SettingForm = "text" | "number" | "truth" | "list" | "json";

/** Stands in a path for a name that the operator chooses, such as a plugin's id. */
export const anyName = "*";

export interface Setting {
  /** `["risk", "accounts", "*", "maxLeverage"]`. */
  readonly path: readonly string[];
  /** `BERTH_RISK_ACCOUNTS_<NAME>_MAX_LEVERAGE`. */
  readonly variable: string;
  readonly form: SettingForm;
  /** `none` sets it to null: no limit. */
  readonly isNullable: boolean;
  /** From the schema; states the default where it is not a plain value. */
  readonly description: string;
}

/** Stands in a variable's name for the same name in capitals. */
export const placeholder = "<NAME>";
