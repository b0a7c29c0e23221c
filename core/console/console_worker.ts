/** Entry of the console's thread. */
import { runConsoleThread, type Thread } from "./console_thread.ts";

declare const self: Thread;

runConsoleThread(self);
