/**
 * Typed errors: a stable code, typed facts, and one table that turns them into what happened, why, and what to do.
 *
 * Expected outcomes (a refused order, a rejected request) are values, not errors. A `BerthError` is thrown when a
 * part can't go on; whoever shows it prints `describeError`, never a stack trace.
 */

/** What a person reads: one sentence each. */
export interface ErrorText {
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

/** The settings of limits that an operator can change, by the limit's name. */
const limitSetting: Readonly<Record<string, string>> = {
  rssMb: "maxMemoryMb",
  cpuShare: "maxCpuShare",
};

/** The table of codes. A code never changes its meaning; facts never hold a secret. */
export const errorTexts = {
  CLI_USAGE: (f: { problem: string; fix: string }) => ({
    what: f.problem,
    why: "The command line could not be understood.",
    fix: f.fix,
  }),
  CONFIG_INVALID: (f: { file: string; field: string; found: string; expected: string }) => ({
    what: `${f.file}: ${f.field} is ${f.found}.`,
    why: `Expected ${f.expected}.`,
    fix: `Change ${f.field} in ${f.file}.`,
  }),
  CONFIG_UNREADABLE: (f: { file: string; reason: string }) => ({
    what: `The config file ${f.file} can't be read: ${f.reason}.`,
    why: "It was named by --config or found in the working folder.",
    fix: "Check the path and that it holds valid JSON.",
  }),
  LOG_FILE_UNWRITABLE: (f: { file: string; reason: string }) => ({
    what: `The log file ${f.file} can't be written: ${f.reason}.`,
    why: "It was named by --log-file, BERTH_LOG_FILE or log.file.",
    fix: "Name a file in a folder that is there and that you may write to.",
  }),
  ALERT_CHANNEL_INVALID: (f: { channel: string; problem: string; fix: string }) => ({
    what: `The alert channel ${f.channel} can't be used: ${f.problem}.`,
    why: "Nobody would be told by it, so a start with it is refused.",
    fix: `${f.fix}, or switch the channel off by alerts.channels.${f.channel}.enabled.`,
  }),
  ALERT_CHANNEL_UNKNOWN: (f: { channel: string; known: string }) => ({
    what: `There is no alert channel ${f.channel}.`,
    why: f.known === "" ? "The configuration names none." : `The configuration names ${f.known}.`,
    fix: "Name one of alerts.channels, or add it there (docs/alerts.md).",
  }),
  BUILD_BASE_MISSING: (f: { target: string; reason: string }) => ({
    what: `The base executable for ${f.target} can't be had (${f.reason}): name one by DENORT_BIN.`,
    why: "deno compile puts the program behind a base executable, which it downloads from dl.deno.land once.",
    fix:
      "Compile once where that host can be reached, or set DENORT_BIN to the denort of this very Deno version for this target.",
  }),
  BUILD_FAILED: (f: { target: string; reason: string }) => ({
    what: `Compiling for ${f.target} failed: ${f.reason}.`,
    why: "deno compile ended without an executable.",
    fix: "Run deno task check first; what the compiler said is above.",
  }),
  BUILD_UNREADABLE: (f: { reason: string }) => ({
    what: `What was embedded can't be read: ${f.reason}.`,
    why: "The executable was not made by the deno compile of the pinned version, or is damaged.",
    fix: "Compile anew with the Deno version that the project pins.",
  }),
  BUILD_LACKS: (f: { path: string }) => ({
    what: `The executable lacks ${f.path}.`,
    why: "What core/build/parts.ts names must be in it: it is loaded or read by its path.",
    fix: "Take it out of core/build/parts.ts if it is gone; else the compiler was told to leave it out.",
  }),
  BUILD_EMBEDS_TOO_MUCH: (f: { what: string; path: string }) => ({
    what: `The executable would carry ${f.what}: ${f.path}.`,
    why: "Only what berth needs to run belongs into it.",
    fix: "Take the file out of the folders that core/build/parts.ts names.",
  }),
  BACKTEST_NO_DATA: (f: { what: string }) => ({
    what: `There is nothing to play in ${f.what}.`,
    why: "No bar or record lies in the chosen time range.",
    fix: "Check --from and --to, and that the file is the right one.",
  }),
  BACKTEST_PLUGIN: (f: { plugin: string; why: string }) => ({
    what: `${f.plugin} can't be backtested: ${f.why}.`,
    why: "A backtest runs one strategy with settings that its manifest allows.",
    fix: "Name a strategy by its id or by the path of its file, and check --set.",
  }),
  BACKTEST_BAD_BARS: (f: { path: string; line: number; why: string }) => ({
    what: `${f.path} can't be read as bars${f.line > 0 ? `, line ${f.line}` : ""}: ${f.why}.`,
    why: "A backtest needs a CSV file with timestamp, open, high, low, close and perhaps volume.",
    fix: "Mend the file or name another by --bars.",
  }),
  BACKTEST_BAD_TICKS: (f: { path: string; line: number; why: string }) => ({
    what: `${f.path} can't be read as quotes or trades${f.line > 0 ? `, line ${f.line}` : ""}: ${f.why}.`,
    why:
      "A CSV file has timestamp, bid_price, bid_size, ask_price, ask_size, or timestamp, price, size, side.",
    fix: "Mend the file or name another by --data.",
  }),
  BACKTEST_BAD_FUNDING: (f: { path: string; line: number; why: string }) => ({
    what: `${f.path} can't be read as funding rates${f.line > 0 ? `, line ${f.line}` : ""}: ${f.why}.`,
    why: "Funding is paid by a CSV file with timestamp and rate, the fraction that a long pays.",
    fix: "Mend the file, name another by --funding, or give one rate by --funding-rate-bps.",
  }),
  RECORDING_UNWRITABLE: (f: { path: string; reason: string }) => ({
    what: `${f.path} can't be written: ${f.reason}.`,
    why: "Market data is recorded in parts, each a file of its own.",
    fix: "Check the folder's permissions and the room on its disk.",
  }),
  RECORDING_UNREADABLE: (f: { path: string; reason: string }) => ({
    what: `${f.path} can't be read as a recording: ${f.reason}.`,
    why: "A recording is a folder of Parquet files that berth record wrote.",
    fix: "Name the folder that holds quotes/, trades/ and marks/, or leave the damaged part out.",
  }),
  PLUGIN_BAD_VALUE: (f: { what: string; found: string; expected: string }) => ({
    what: `${f.what} is ${f.found}.`,
    why: `Expected ${f.expected}.`,
    fix: "Change what the plugin hands over; nothing was sent.",
  }),
  HISTORY_UNAVAILABLE: (f: { instrument: string; why: string }) => ({
    what: `The past of ${f.instrument} is not to be had: ${f.why}.`,
    why: "The venue was asked once and gave no answer that can be used.",
    fix: "Ask again later, for a shorter range, or go on without it.",
  }),
  HOST_PORT_BUSY: (f: { port: number; purpose: string }) => ({
    what: `Port ${f.port} (${f.purpose}) is already in use.`,
    why: "Another program, perhaps another berth, listens there.",
    fix: "Stop it, or choose another port by --console-port (0 for any free one) or console.port.",
  }),
  HOST_ALREADY_RUNNING: (f: { dataDir: string; pid: number }) => ({
    what: `Another berth (process ${f.pid}) uses ${f.dataDir}.`,
    why: "Two hosts on one journal and account would fight over orders.",
    fix: "Stop the other one, or give this one its own dataDir.",
  }),
  HOST_HANGS: (f: { pid: number }) => ({
    what: `The host (process ${f.pid}) does not react.`,
    why:
      "Its console answers, but nothing carries out commands. Its adapters end by themselves after 30 s, and where a venue has a dead man's switch it cancels what is open.",
    fix:
      `End it by kill -9 ${f.pid}, then run berth kill again: it starts the adapters by itself and asks the venues.`,
  }),
  HOST_NOT_RUNNING: (f: { folder: string }) => ({
    what: `No host runs in ${f.folder}.`,
    why: "This command speaks to a running host.",
    fix: "Start it, or name its --env and --data-dir.",
  }),
  HOST_REFUSED: (f: { request: string; status: number; detail: string }) => ({
    what: `The host refused ${f.request}: ${f.detail}`,
    why: `It answered with status ${f.status}.`,
    fix: "Change what the sentence names, and say it again.",
  }),
  HOST_UNREACHABLE: (f: { url: string; reason: string }) => ({
    what: `The host at ${f.url} can't be spoken to: ${f.reason}.`,
    why: "It holds its lock, but its console does not answer.",
    fix: "For a kill use the signal SIGUSR1 or a file KILL in its folder; else start it with its console.",
  }),
  HOST_LIVE_NOT_CONFIRMED: (f: { environment: string }) => ({
    what: `The environment ${f.environment} trades real money and was not confirmed.`,
    why: "Live needs an explicit flag, keys, approvals and limits.",
    fix: "Start with --env live --i-understand-live-trading, or use sim, paper or testnet.",
  }),
  INSTRUMENT_NAME_REFUSED: (f: { venue: string; venueSymbol: string; symbol: string; reason: string }) => ({
    what: `${f.venueSymbol} of ${f.venue} can't be called ${f.symbol}: ${f.reason}.`,
    why: "One name means one instrument of a venue, of the kind that the name says.",
    fix: `Change venues.instruments.${f.venue}.`,
  }),
  INSTRUMENT_OFF_TICK: (f: { instrument: string; value: string; increment: string }) => ({
    what: `${f.value} is no multiple of ${f.increment} on ${f.instrument}.`,
    why: "Prices are whole ticks and sizes whole lots.",
    fix: "Round it by a stated direction first.",
  }),
  JOURNAL_ENTRY_TOO_LARGE: (f: { id: string; sizeBytes: number; limitBytes: number }) => ({
    what: `The journal entry ${f.id} has ${f.sizeBytes} bytes (limit ${f.limitBytes}).`,
    why: "Entries pass through a buffer of fixed size on their way to the journal's thread.",
    fix: "Write less into one entry.",
  }),
  JOURNAL_COPY_FAILED: (f: { file: string; reason: string }) => ({
    what: `${f.file} can't be written: ${f.reason}.`,
    why: "A copy is written whole into a file of its own and read through once.",
    fix: "Name a new file in a folder with room for a whole journal.",
  }),
  JOURNAL_FAILED: (f: { file: string; reason: string }) => ({
    what: `The journal ${f.file} can't be written: ${f.reason}.`,
    why: "What is not in the journal can't be told apart after a crash, so nothing may trade without it.",
    fix: "Check free space and permissions of the data folder, then start again.",
  }),
  JOURNAL_MISSING: (f: { file: string }) => ({
    what: `There is no journal at ${f.file}.`,
    why: "A journal is begun by the first start in a data folder.",
    fix: "Start berth once, or name another folder by --data-dir.",
  }),
  JOURNAL_SCHEMA_NEWER: (f: { file: string; found: number; known: number }) => ({
    what: `The journal ${f.file} has schema version ${f.found}; this berth knows versions up to ${f.known}.`,
    why: "A newer berth wrote it, and an older one would misread it.",
    fix:
      `Use the newer berth again. To go back, berth journal restore the copy that it kept beside the journal before it changed the schema: journal-schema-${f.known}.db.`,
  }),
  JOURNAL_UNREADABLE: (f: { file: string; reason: string }) => ({
    what: `The journal ${f.file} can't be read: ${f.reason}.`,
    why: "It is no journal, it is damaged, or this user may not open it.",
    fix: "Check the path; a damaged journal is set aside by the next start.",
  }),
  MODEL_INVALID_ID: (f: { kind: string; value: string; expected: string }) => ({
    what: `${JSON.stringify(f.value)} is no ${f.kind}.`,
    why: `Expected ${f.expected}.`,
    fix: `Use ${f.expected}.`,
  }),
  MODEL_INVALID_DECIMAL: (f: { value: string; expected: string }) => ({
    what: `${JSON.stringify(f.value)} is no ${f.expected}.`,
    why: "Numbers of orders are read digit by digit, without rounding.",
    fix: `Write it as ${f.expected}.`,
  }),
  MODEL_OUT_OF_RANGE: (f: { what: string; value: string; range: string }) => ({
    what: `${f.what} ${f.value} is outside ${f.range}.`,
    why: "Beyond it the number would lose its last digits.",
    fix: "Use a smaller value.",
  }),
  PROTOCOL_BAD_FRAME: (f: { pluginId: string; reason: string }) => ({
    what: `${f.pluginId} sent a frame that can't be read: ${f.reason}.`,
    why: "A plugin that breaks the protocol can't be trusted with the rest of it.",
    fix: "Use the SDK to talk to the host; report this if you do.",
  }),
  PROTOCOL_FRAME_TOO_LARGE: (f: { pluginId: string; sizeBytes: number; limitBytes: number }) => ({
    what: `${f.pluginId} announced a frame of ${f.sizeBytes} bytes (limit ${f.limitBytes}).`,
    why: "A frame is held in memory until it is whole.",
    fix: "Send less at once.",
  }),
  PROTOCOL_VERSION_MISMATCH: (f: { pluginId: string; theirs: number; ours: number }) => ({
    what: `${f.pluginId} speaks protocol version ${f.theirs}, this host version ${f.ours}.`,
    why: "Frames of another version can't be read.",
    fix: "Run plugin and host from the same release.",
  }),
  PLUGIN_HEARTBEAT_LATE: (f: { pluginId: string; lateMs: number; limitMs: number }) => ({
    what: `${f.pluginId} was stopped: no heartbeat for ${f.lateMs} ms (limit ${f.limitMs} ms).`,
    why: "While its event loop is busy nobody watches its orders.",
    fix:
      `Split long work over several timers, or raise plugins.${f.pluginId}.limits.heartbeatMs in berth.json.`,
  }),
  PLUGIN_STOP_LATE: (f: { pluginId: string; deadlineMs: number }) => ({
    what: `${f.pluginId} was killed: it had not stopped after ${f.deadlineMs} ms.`,
    why: "A plugin gets this long for its onStop; what it held is the host's to clean up.",
    fix: "Finish sooner in onStop.",
  }),
  PLUGIN_MANIFEST_INVALID: (f: { file: string; field: string; found: string; expected: string }) => ({
    what: `${f.file}: manifest field ${f.field} is ${f.found}.`,
    why: `Expected ${f.expected}.`,
    fix: `Change ${f.field} in the manifest.`,
  }),
  PLUGIN_START_FAILED: (f: { pluginId: string; reason: string }) => ({
    what: `${f.pluginId} did not start: ${f.reason}.`,
    why: "A plugin must load and answer before its start time is over.",
    fix: "Run `berth plugin check` on its file.",
  }),
  PLUGIN_CRASHED: (f: { pluginId: string; reason: string }) => ({
    what: `${f.pluginId} ended by itself: ${f.reason}.`,
    why: "An error reached its event loop, or it ran out of memory.",
    fix: "See its log lines above this one; mend it and save the file.",
  }),
  PLUGIN_CALLBACK_THREW: (f: { pluginId: string; callback: string; reason: string }) => ({
    what: `${f.pluginId} threw in ${f.callback}: ${f.reason}.`,
    why: "What a callback throws is the plugin's fault; after several in a row it is restarted.",
    fix: "Catch what can fail inside the callback.",
  }),
  PLUGIN_LIMIT_EXCEEDED: (f: { pluginId: string; limit: string; value: number; allowed: number }) => ({
    what: `${f.pluginId} was stopped: ${f.limit} ${f.value} (allowed ${f.allowed}).`,
    why: "Each plugin has limits so that it can't slow the others.",
    fix: limitSetting[f.limit] === undefined
      ? "Use less."
      : `Use less, or raise plugins.${f.pluginId}.limits.${limitSetting[f.limit]} in berth.json.`,
  }),
  PLUGIN_UNKNOWN: (f: { name: string; known: string }) => ({
    what: `There is no plugin ${f.name}.`,
    why: `Found are ${f.known}.`,
    fix: "Name one of these, or the path of a file or folder; --plugins names another folder.",
  }),
  PLUGIN_BROKEN: (f: { name: string; reason: string }) => ({
    what: `${f.name} is broken: ${f.reason}.`,
    why: "What can't be read can't be approved or run.",
    fix: "Mend it and save the file; `berth plugin check` on it says more.",
  }),
  PLUGIN_APPROVAL_UNCONFIRMED: (f: { pluginId: string }) => ({
    what: `${f.pluginId} was not approved: nobody said yes.`,
    why: "An approval is given by a person who read what is asked.",
    fix: "Answer y, or add --yes where there is no terminal.",
  }),
  PLUGIN_PATH_TAKEN: (f: { path: string }) => ({
    what: `${f.path} is there already.`,
    why: "A new plugin never overwrites another.",
    fix: "Choose another name, or another folder by --in.",
  }),
  PLUGIN_NOT_GRANTED: (f: { pluginId: string; action: string }) => ({
    what: `${f.pluginId} tried to ${f.action}, which it was not granted.`,
    why: "A plugin may do only what its manifest asked for and the operator approved.",
    fix: "Declare it in the manifest and approve it again.",
  }),
  PLUGIN_IMPORT_REFUSED: (f: { pluginId: string; specifier: string }) => ({
    what: `${f.pluginId} imports ${JSON.stringify(f.specifier)}, which is not part of it.`,
    why:
      "A plugin may load its own files and @berth/sdk; an adapter also the packages that its manifest names.",
    fix: "Copy what it needs into the plugin's folder, or do without.",
  }),
  PLUGIN_NOT_AVAILABLE: (f: { name: string }) => ({
    what: `${f.name} is not available in a plugin.`,
    why: "A plugin talks to the host through the SDK and to nothing else.",
    fix: "Use the SDK, or declare the permission that covers it.",
  }),
  PLUGIN_FILES_CHANGED: (f: { pluginId: string }) => ({
    what: `The files of ${f.pluginId} are not those that were looked at.`,
    why: "A grant is bound to every byte of a plugin; a changed file is another plugin.",
    fix: "Wait until it has been read again, and approve it if it asks for that.",
  }),
  VENUE_ANSWER_INVALID: (f: { venue: string; request: string; reason: string }) => ({
    what: `${f.venue} answered ${f.request} with something unreadable: ${f.reason}.`,
    why: "Answers are checked against the venue's documented form before they are used.",
    fix: "If it lasts, the venue has changed its interface: report this.",
  }),
  /** `code` is the model's reject code that the venue's word maps to, where one does. */
  VENUE_REFUSED: (
    f: { venue: string; request: string; venueCode: string; venueText: string; code?: string },
  ) => ({
    what: `${f.venue} refused ${f.request}: ${f.venueCode} ${f.venueText}.`,
    why: "This can't mend by itself.",
    fix: "Check the venue's keys, account and permissions.",
  }),
  /** `code` as in VENUE_REFUSED: `rate_limited` or `maintenance` where that is what is in the way. */
  VENUE_UNREACHABLE: (f: { venue: string; request: string; reason: string; code?: string }) => ({
    what: `${f.venue} did not answer ${f.request}: ${f.reason}.`,
    why: "The network, the venue or its rate limit is in the way.",
    fix: "It is tried again; check the connection if it lasts.",
  }),
  INVARIANT_BROKEN: (f: { invariant: string; details: string }) => ({
    what: `An invariant does not hold: ${f.invariant} (${f.details}).`,
    why: "This is a mistake in berth itself; the part that broke was stopped.",
    fix: "Report it with the journal of this run.",
  }),
} as const satisfies Record<string, (facts: never) => ErrorText>;

export type ErrorCode = keyof typeof errorTexts;
export type ErrorFacts<C extends ErrorCode> = Parameters<(typeof errorTexts)[C]>[0];

/** An error with a stable code. Its message is the table's `what`, made when it is thrown. */
export class BerthError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly facts: ErrorFacts<C>;
  readonly text: ErrorText;

  constructor(code: C, facts: ErrorFacts<C>, options?: { readonly cause?: unknown }) {
    // The table's row takes exactly `ErrorFacts<C>`; TypeScript can't see that through the union of rows.
    const row = errorTexts[code] as (facts: ErrorFacts<C>) => ErrorText;
    const text = row(facts);
    super(text.what, options);
    this.name = "BerthError";
    this.code = code;
    this.facts = facts;
    this.text = text;
  }
}

/** One paragraph for a person: code, what, why, fix. Any other thrown value gives its message only. */
export function describeError(error: unknown): string {
  if (error instanceof BerthError) {
    return `${error.text.what} ${error.text.why} ${error.text.fix} [${error.code}]`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** For what must hold. Throws INVARIANT_BROKEN. */
export function invariant(condition: boolean, name: string, details: string): asserts condition {
  if (!condition) throw new BerthError("INVARIANT_BROKEN", { invariant: name, details });
}
