/** Memory: traces with their strength, and replays. */

import { h, say } from "../ui/dom.js";
import { Answer, button } from "../ui/fields.js";
import { brief, clock, many } from "../ui/format.js";
import { Panel } from "../ui/panel.js";

const SHOWN = 8;

/** @param {import("../app.js").App} app */
export function memoryPanel(app) {
  const list = h("ol", { class: "eg-traces", "aria-label": "Memory traces, the strongest first" });
  const state = h("p", { class: "eg-quiet" });
  const last = h("p", { class: "eg-quiet" });
  const answer = new Answer();
  const panel = new Panel("Memory", [state, list, last, answer.element], { every: 200, draw, sum });
  let replays = 0;
  let key = "";
  /** @type {HTMLElement[]} */
  let bars = [];
  let latest = -Infinity;
  const forget = () => {
    replays = 0;
    latest = -Infinity;
    say(last, "");
  };
  app.session.on("hello", forget);
  // A brain that was rewound or loaded has not lived what was seen.
  app.session.on("structure", (brain) => brain.number === 0 && brain.since < latest && forget());
  app.session.on("event", (brain, event) => {
    if (brain.number !== 0 || event.event !== "replay") return;
    replays++;
    latest = event.time;
    say(last, `${many(replays, "replay")} seen; the last in ${event.region}, ${many(event.neurons.length, "neuron")}, at ${clock(event.time)}.`);
  });

  function build(/** @type {import("../model/brain.js").BrainModel} */ brain) {
    bars = brain.traces.slice(0, SHOWN).map(() => h("span", { class: "eg-bar" }));
    list.replaceChildren(
      ...bars.map((bar, index) => {
        const { region, n } = brain.traces[index];
        const again = () => answer.show(app.command("replay", { index }), () => "Replaying it.");
        const show = () => app.showTrace(index, answer);
        return h(
          "li",
          {},
          h("span", { class: "eg-bar-track" }, bar),
          h("span", { class: "eg-trace-words" }, `${region}, ${many(n, "neuron")}`),
          button("show", show, { "aria-label": `Show the neurons of trace ${index + 1}` }),
          app.session.source.canSend && button("replay", again, { "aria-label": `Replay trace ${index + 1}` }),
        );
      }),
    );
  }

  function sum() {
    const memory = app.session.brain?.frame?.memory;
    return memory ? many(memory[0], "trace") : "";
  }

  function draw() {
    const brain = app.session.brain;
    const memory = brain?.frame?.memory;
    if (!brain || !memory) return say(state, "No memory.");
    const now = JSON.stringify(brain.traces.map(({ region, n }) => [region, n]));
    if (now !== key) build(brain);
    key = now;
    const [count, replayed] = memory;
    say(state, replayed >= 0 ? `Trace ${replayed + 1} is being replayed.` : count ? `${many(count, "trace")}; none is replayed now.` : "No traces yet.");
    const most = Math.max(1e-9, memory[2] ?? 0);
    bars.forEach((bar, i) => {
      bar.style.width = `${Math.min(100, (100 * (memory[2 + i] ?? 0)) / most)}%`;
      bar.title = `strength ${brief(memory[2 + i])}`;
      bar.classList.toggle("eg-bar-now", replayed === i);
    });
  }
  return panel;
}
