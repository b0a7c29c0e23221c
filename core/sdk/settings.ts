/**
 * Settings of a plugin: declared as data in the manifest, validated by the host before they reach the plugin,
 * typed in the plugin without a cast.
 */

interface SettingBase {
  /** One sentence with the unit; shown by `berth plugin show` and in the console. */
  readonly description: string;
}
export interface NumberSetting extends SettingBase {
  readonly type: "number";
  readonly default: number;
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
}
export interface BooleanSetting extends SettingBase {
  readonly type: "boolean";
  readonly default: boolean;
}
export interface TextSetting extends SettingBase {
  readonly type: "text";
  readonly default: string;
  readonly maxLength?: number;
}
export interface ChoiceSetting<Choice extends string = string> extends SettingBase {
  readonly type: "choice";
  readonly default: NoInfer<Choice>;
  readonly choices: readonly Choice[];
}
export interface TextListSetting extends SettingBase {
  readonly type: "text_list";
  readonly default: readonly string[];
  readonly maxItems?: number;
}
export type Setting = NumberSetting | BooleanSetting | TextSetting | ChoiceSetting | TextListSetting;
export type SettingsShape = Readonly<Record<string, Setting>>;

/** The value type of each declared setting. */
export type SettingValues<Shape extends SettingsShape> = {
  readonly [Name in keyof Shape]: Shape[Name] extends NumberSetting ? number
    : Shape[Name] extends BooleanSetting ? boolean
    : Shape[Name] extends TextSetting ? string
    : Shape[Name] extends ChoiceSetting<infer Choice> ? Choice
    : Shape[Name] extends TextListSetting ? readonly string[]
    : never;
};

/** Makes settings; `setting.number({ default: 2, min: 0, description: "…" })`. */
export const setting = {
  number: (options: Omit<NumberSetting, "type">): NumberSetting => ({ type: "number", ...options }),
  boolean: (options: Omit<BooleanSetting, "type">): BooleanSetting => ({ type: "boolean", ...options }),
  text: (options: Omit<TextSetting, "type">): TextSetting => ({ type: "text", ...options }),
  choice: <const Choice extends string>(
    options: Omit<ChoiceSetting<Choice>, "type">,
  ): ChoiceSetting<Choice> => ({
    type: "choice",
    ...options,
  }),
  textList: (options: Omit<TextListSetting, "type">): TextListSetting => ({ type: "text_list", ...options }),
} as const;
