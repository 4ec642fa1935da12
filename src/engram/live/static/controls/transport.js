/** Play, pause, step, speed, and back through the snapshots. */

import { h, say } from "../ui/dom.js";
import { Answer, button, segments } from "../ui/fields.js";
import { clock } from "../ui/format.js";

const SLOWEST = 0.001;

/** @param {import("../app.js").App} app */
export function transport(app) {
  const answer = new Answer();
  const brain = () => app.session.brain;
  const running = () => brain()?.settings.running ?? false;
  const ask = (/** @type {string} */ name, /** @type {object} */ values = {}) => answer.show(app.command(name, values));
  const toggle = () => ask(running() ? "pause" : "play");
  const play = button("Play", toggle, { class: "eg-button eg-play", "data-do": "play" });
  const steps = h("input", { type: "number", class: "eg-input eg-steps", min: 1, max: 100000, value: "1", "aria-label": "Steps to make" });
  const makeSteps = () => ask("step", { n: Number(steps.value) });
  const step = button("Step", makeSteps, { "data-do": "step" });
  const speeds = segments("Speed", [["fast", "Fastest"], ["real", "Real time"], ["slow", "Slow"]], (value) => {
    slow.hidden = value !== "slow";
    ask("speed", { factor: { fast: null, real: 1, slow: factor() }[value] });
  });
  const slowness = h("input", {
    type: "range", class: "eg-range", min: 0, max: 3, step: 0.1, value: "1", "aria-label": "How slow",
    onchange: () => ask("speed", { factor: factor() }),
    oninput: () => tell(),
  });
  const slowWords = h("output", { class: "eg-value" });
  const slow = h("span", { class: "eg-slow", hidden: true }, slowness, slowWords);
  const factor = () => Math.max(SLOWEST, Number((10 ** -Number(slowness.value)).toPrecision(2)));

  function tell() {
    say(slowWords, `${factor()}×`);
    slowness.setAttribute("aria-valuetext", `${factor()} times real time`);
  }

  function settings() {
    say(play, running() ? "Pause" : "Play");
    play.classList.toggle("eg-playing", running());
    const speed = brain()?.settings.speed ?? null;
    const kind = speed === null ? "fast" : speed >= 1 ? "real" : "slow";
    speeds.set(kind);
    slow.hidden = kind !== "slow";
    if (kind === "slow") slowness.value = String(-Math.log10(speed));
    tell();
  }

  const rewind = rewinder(app, ask);
  app.session.on("settings", (of) => of.number === 0 && settings());
  tell();
  const element = h(
    "div",
    { class: "eg-transport", role: "toolbar", "aria-label": "Running the brain" },
    h("div", { class: "eg-transport-row" }, play, h("span", { class: "eg-step" }, step, steps), speeds.element, slow),
    rewind,
    answer.element,
  );
  return { element, toggle, step: makeSteps };
}

/** The slider through the snapshots. */
function rewinder(
  /** @type {import("../app.js").App} */ app,
  /** @type {(name: string, values?: object) => any} */ ask,
) {
  const list = () => app.session.brain?.snapshots ?? [];
  const owned = () => app.session.hello.owned;
  const input = h("input", {
    type: "range", class: "eg-range eg-rewind", min: 0, max: 0, step: 1, value: "0", "aria-label": "Rewind to a snapshot",
    oninput: () => hint(),
    onchange: () => {
      dragging = false;
      const snapshot = list()[Number(input.value)];
      if (snapshot) ask("rewind", { step: snapshot[0] });
    },
  });
  const when = h("output", { class: "eg-value eg-when" });
  const keep = button("Snapshot", () => ask("snapshot"), { title: "Take a snapshot to come back to", "data-do": "snapshot" });
  let dragging = false;

  function hint() {
    dragging = document.activeElement === input && Number(input.value) !== Number(input.max);
    const snapshot = list()[Number(input.value)];
    const none = owned() ? "no snapshot yet" : "not where a script runs the brain; a twin (branch) works";
    const words = snapshot ? `back to ${clock(snapshot[1])}` : list().length ? "now" : none;
    say(when, words);
    input.setAttribute("aria-valuetext", words);
  }

  /** One place for each snapshot, the last for now. */
  function update() {
    const n = list().length;
    input.max = String(n);
    input.disabled = !n || !owned();
    keep.disabled = !owned();
    if (!dragging) input.value = input.max;
    hint();
  }
  app.session.on("structure", (of) => of.number === 0 && update());
  app.session.on("event", (of, event) => of.number === 0 && event.event === "snapshot" && update());
  return h("div", { class: "eg-transport-row" }, h("span", { class: "eg-quiet" }, "Rewind"), input, when, keep);
}
