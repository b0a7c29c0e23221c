/** First argument of a process that keeps a plugin's thread: a command of berth's that is on no help page. */
export const keeperCommand = "keep-plugin-thread";
