/** Version of this berth: in the journal, the display and `berth --version`. */
export const version = "0.1.0";
