/** The console's thread: serves the application, keeps the newest picture, and posts commands to the host. */
import { openJournalReader } from "../journal/reader.ts";
import { type App, createApp } from "./app.ts";
import type { CommandInput } from "./commands.ts";
import { History } from "./history.ts";
import { LiveEvents } from "./live_events.ts";
import { Metrics } from "./metrics.ts";
import type { CommandResult, ConsoleSettings, FromConsole, HostPicture, ToConsole } from "./ports.ts";
import { RecentLogs } from "./recent_logs.ts";

/** A kill waits for the venues; nothing else takes as long. */
const commandTimeoutMs = 45_000;

/** The worker's own scope, as far as it is used. */
export interface Thread {
  postMessage(message: FromConsole): void;
  onmessage: ((event: MessageEvent<ToConsole>) => void) | null;
}

export function runConsoleThread(thread: Thread): void {
  const waiting = new Map<number, (result: CommandResult) => void>();
  let nextId = 1;
  let newest: { readonly picture: HostPicture; readonly atMs: number } | undefined;
  let server: Deno.HttpServer<Deno.NetAddr> | undefined;
  const metrics = new Metrics();
  const history = new History();
  const logs = new RecentLogs();
  const live = new LiveEvents({
    monotonicMs: () => performance.now(),
    onCount: (count) => {
      metrics.watchers = count;
      thread.postMessage({ kind: "watchers", count });
    },
    every: (periodMs, task) => {
      const timer = setInterval(task, periodMs);
      return () => clearInterval(timer);
    },
  });

  const command = (input: CommandInput, by: string): Promise<CommandResult> => {
    const id = nextId++;
    const { promise, resolve } = Promise.withResolvers<CommandResult>();
    const timer = setTimeout(() => {
      waiting.delete(id);
      resolve({
        kind: "refused",
        status: 504,
        title: "The host did not answer in time",
        detail: "whether the command took effect is not known: look at the state",
      });
    }, commandTimeoutMs);
    waiting.set(id, (result) => {
      clearTimeout(timer);
      resolve(result);
    });
    thread.postMessage({ kind: "command", id, command: input, by });
    return promise;
  };

  const start = (settings: ConsoleSettings): void => {
    let port = settings.port;
    const app: App = createApp({
      settings,
      port: () => port,
      clock: {
        epochMs: () => performance.timeOrigin + performance.now(),
        monotonicMs: () => performance.now(),
      },
      picture: () => newest,
      command,
      openJournal: () => openJournalReader(settings.journalFile),
      live,
      metrics,
      history,
      logs,
    });
    try {
      server = Deno.serve({
        hostname: settings.address,
        port: settings.port,
        onListen: (address) => {
          port = address.port;
          const threadId = ownThreadId();
          thread.postMessage({ kind: "listening", address: settings.address, port: address.port, threadId });
        },
        onError: () => new Response(null, { status: 500 }),
      }, (request, info) => app(request, { address: info.remoteAddr.hostname }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      thread.postMessage({ kind: "failed", isBusy: error instanceof Deno.errors.AddrInUse, reason });
    }
  };

  const stop = async (): Promise<void> => {
    live.close();
    await Promise.race([server?.shutdown(), new Promise((resolve) => setTimeout(resolve, 500))]);
    thread.postMessage({ kind: "stopped" });
  };

  thread.onmessage = ({ data }) => {
    switch (data.kind) {
      case "start":
        return start(data.settings);
      case "picture":
        newest = { picture: data.picture, atMs: performance.now() };
        history.add(data.picture);
        logs.add(data.picture.newLogs);
        return live.tell(data.picture);
      case "result": {
        const resolve = waiting.get(data.id);
        waiting.delete(data.id);
        return resolve?.(data.result);
      }
      case "stop":
        return void stop();
      default:
        data satisfies never;
    }
  };
}

/** The system's number of the calling thread, by which the host sets its priority; undefined where it can't be told. */
function ownThreadId(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return undefined; // no /proc
  }
}
