/** What happens, in words: a list to look at, and a live region that is read out. */

import { h, say } from "../ui/dom.js";
import { brief, clock, many } from "../ui/format.js";
import { Panel } from "../ui/panel.js";

const KEPT = 60;
const READ_EVERY_MS = 2500;

/** Words of an event; null for those that are seen elsewhere. @param {any} e @returns {string|null} */
export function wordsOf(e) {
  switch (e.event) {
    case "born": return `${many(e.slots.length, "neuron")} born in ${e.region}.`;
    case "died": return `${many(e.slots.length, "neuron")} died in ${e.region}.`;
    case "synapses": return e.added || e.pruned ? `${e.label}: ${many(e.added, "new synapse")}, ${e.pruned} pruned.` : null;
    case "asleep": return "The brain falls asleep.";
    case "awake": return `The brain wakes up${e.replays === null || e.replays === undefined ? "" : ` after ${many(e.replays, "replay")}`}.`;
    case "replay": return `A memory is replayed in ${e.region}.`;
    case "reward": return e.by === "program" ? seen(e) : `${e.amount < 0 ? "Punishment" : "Reward"} of ${brief(Math.abs(e.amount))} at ${e.target ?? "all pathways"}.`;
    case "stimulus": return e.values ? `A stimulus is held in ${e.region}.` : `The stimulus of ${e.region ?? "all regions"} ends.`;
    case "switch": return `${e.name} is ${e.on ? "on" : "off"}.`;
    case "set": return `${e.part}: ${e.name} is ${e.value}.`;
    case "damage": return `${many(e.killed, "neuron")} of ${e.region} destroyed.`;
    case "saved": return `Saved as ${e.name}.`;
    case "twins": return e.twins.length ? "A twin goes on beside the original." : "The twin is gone.";
    case "recording": return e.name ? `A film is recorded: ${e.name}.` : "The film is complete.";
    case "episode": return `Episode ${e.episode} ends after ${many(e.steps, "step")}; return ${brief(e.return)}.`;
    case "trouble": return e.text;
    case "ended": return "The brain's program has ended.";
    default: return null;
  }
}

/** A reward that the program gave: dopamine has fallen since. @param {any} e */
function seen(e) {
  const [sign, way] = e.amount < 0 ? ["Punishment", "lower"] : ["Reward", "higher"];
  return `${sign} by the program at ${e.target}, sampled: dopamine is ${brief(Math.abs(e.amount))} ${way} at this frame.`;
}

/** @param {import("../app.js").App} app */
export function logPanel(app) {
  const list = h("ol", { class: "eg-log" });
  const live = h("div", { class: "eg-hidden", "aria-live": "polite", role: "log" });
  const note = "The program's rewards, and replays, are sampled at frames: some between two are missed.";
  const panel = new Panel("What happens", [list, h("p", { class: "eg-quiet" }, note)], { open: true });
  /** @type {Map<string, string>} by kind and region, so that a flood becomes one sentence */
  const waiting = new Map();
  let read = 0;

  /** @param {string} words @param {string} [when] @param {string} [kind] */
  function add(words, when = "", kind = words) {
    list.prepend(h("li", {}, h("time", {}, when), h("span", {}, words)));
    while (list.childElementCount > KEPT) list.lastElementChild.remove();
    waiting.set(kind, words);
  }
  app.session.on("event", (brain, event) => {
    const words = wordsOf(event);
    if (!words) return;
    add(brain.number ? `Twin: ${words}` : words, clock(event.time), `${event.event} ${event.region ?? event.label ?? ""}`);
  });
  app.session.on("state", (_state, words) => add(words));
  panel.draw = (now) => {
    if (!waiting.size || now - read < READ_EVERY_MS) return;
    read = now;
    say(live, [...waiting.values()].slice(-4).join(" "));
    waiting.clear();
  };
  // It is read out even while the panel is folded.
  panel.turn = (now) => (panel.draw(now), false);
  return { panel, live, add };
}
