/** What is wrong now, what people were told lately, and channels that do not deliver. */
import { byId, element, KeyedList, setAttribute, setText } from "./dom.js";
import { clockSpan, exactTime, spaced } from "./formats.js";

/** @import { Alerts } from "./types.ts" */

const shownNotes = 30;

/** @type {Readonly<Record<string, string>>} */
const tones = { critical: "bad", warning: "warn", notice: "idle" };

/** @type {Readonly<Record<Alerts["watch"]["state"], string>>} */
const watchWords = {
  off: "switched off",
  starting: "about to watch",
  watching: "on watch",
  restarting: "ended, begin anew: nobody is told",
};

export class AlertsPanel {
  #aside = byId("alerts-aside");
  #active = new KeyedList(
    byId("alerts"),
    (/** @type {Alerts["active"][number]} */ { rule, subject }) => `${rule} ${subject}`,
    ({ rule, severity }) => {
      const text = element("p");
      const since = element("span", { class: "dim" });
      const root = element(
        "li",
        { class: "card alert" },
        element(
          "p",
          { class: "card-head" },
          element("b", {}, spaced(rule)),
          since,
          element("span", { class: "state", "data-tone": tones[severity] ?? "idle" }, severity),
        ),
        text,
      );
      return {
        root,
        update(newer) {
          setText(text, newer.text);
          setText(since, `for ${clockSpan(Math.max(Date.now() - newer.sinceMs, 0))}`);
        },
      };
    },
  );
  #channels = new KeyedList(
    byId("alerts-channels"),
    (/** @type {Alerts["channels"][number]} */ { name }) => name,
    ({ name, kind }) => {
      const counts = element("span", { class: "dim" });
      const state = element("span", { class: "state" });
      return {
        root: element("li", {}, element("b", {}, name), " ", kind, " ", counts, state),
        update({ circuit, sent, queued, dropped, why }) {
          const waiting = queued === 0 ? "" : ` · ${queued} waiting`;
          setText(counts, `${sent} sent${waiting}${dropped === 0 ? "" : ` · ${dropped} dropped`}`);
          setText(state, circuit === "open" ? "failing" : why === "" ? "ok" : "troubled");
          setAttribute(state, "data-tone", circuit === "open" ? "bad" : why === "" ? "good" : "warn");
          setAttribute(state, "title", why === "" ? undefined : why);
        },
      };
    },
  );
  #recent = new KeyedList(
    byId("alerts-recent"),
    (/** @type {Alerts["recent"][number]} */ { id, kind, tsMs }) => `${id} ${kind} ${tsMs}`,
    ({ tsMs, kind, severity, text }) => ({
      root: element(
        "li",
        { "data-tone": kind === "resolved" ? "good" : tones[severity] ?? "idle" },
        element("time", {}, exactTime(tsMs).slice(0, 8)),
        ` ${kind}: `,
        element("span", {}, text),
      ),
      update() {},
    }),
  );

  /** @param {Alerts} alerts */
  show({ isWatching, watch, active, recent, channels }) {
    const failing = channels.filter(({ circuit }) => circuit === "open");
    const isOut = watch.state === "restarting";
    const words = [
      isWatching
        ? active.length === 0 ? "nothing is wrong" : `${active.length} raised`
        : watchWords[watch.state],
      ...failing.map(({ name }) => `${name} does not deliver`),
      ...(isWatching && channels.length === 0 ? ["no channel"] : []),
    ];
    setText(this.#aside, words.join(" · "));
    setAttribute(
      this.#aside,
      "title",
      watch.why === "" ? undefined : `Ended ${watch.restarts + Number(isOut)} times, last: ${watch.why}`,
    );
    const isBad = isOut || failing.length > 0 || active.some(({ severity }) => severity === "critical");
    setAttribute(this.#aside, "data-tone", isBad ? "bad" : active.length > 0 ? "warn" : undefined);
    this.#channels.update(channels);
    this.#active.update(active);
    this.#recent.update(recent.slice(0, shownNotes));
    byId("alerts-past").hidden = recent.length === 0;
    setText(byId("alerts-count"), String(recent.length));
  }
}
