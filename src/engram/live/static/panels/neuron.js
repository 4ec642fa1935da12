/** The chosen neuron: its potential, where its input comes from and its output goes, its age. */

import { h, say } from "../ui/dom.js";
import { Answer, button, chooser, labelled } from "../ui/fields.js";
import { brief, clock, many, whole } from "../ui/format.js";
import { Panel } from "../ui/panel.js";
import { lineColour } from "../ui/palette.js";
import { Plot } from "./plot.js";

const SHOWN = 6;
const WINDOW_MS = 400;
const AGAIN_MS = 2000;

/** @param {import("../app.js").App} app */
export function neuronPanel(app) {
  const regions = chooser("Region");
  const slot = h("input", { type: "number", min: 0, step: 1, value: "0", class: "eg-input" });
  const answer = new Answer();
  const choose = () => app.chooseNeuron({ region: regions.select.value, slot: Number(slot.value) }, answer);
  const form = h("form", { class: "eg-row", onsubmit: (/** @type {Event} */ e) => (e.preventDefault(), choose()) }, regions.element, labelled("Neuron", slot), h("button", { class: "eg-button" }, "Show"));
  const none = button("Let go", () => app.chooseNeuron(null, answer));
  const plot = new Plot(app.prefs, 96, "Membrane potential of the chosen neuron");
  const facts = h("p", { class: "eg-neuron-facts" });
  const lists = { inputs: h("ul", { class: "eg-links" }), outputs: h("ul", { class: "eg-links" }) };
  const titles = { inputs: h("h4", {}), outputs: h("h4", {}) };
  const detail = h("div", { hidden: true }, facts, plot.canvas, titles.inputs, lists.inputs, titles.outputs, lists.outputs, none);
  const panel = new Panel("Neuron", [form, answer.element, detail], { every: 80, draw });
  /** @type {any} */
  let neuron = null;
  let asked = 0;
  app.session.on("event", (brain, event) => {
    if (event.event !== "neuron" || brain.number !== 0) return;
    const same = neuron?.region === event.region && neuron?.slot === event.slot;
    neuron = event.region ? event : null;
    if (!same) brain.voltage.clear();
    if (neuron && !same) panel.show();
    show();
  });
  app.session.on("structure", (brain) => {
    if (brain.number !== 0) return;
    neuron = null;
    regions.fill(brain.regions.map(({ name }) => /** @type {[string, string]} */ ([name, name])));
    show();
  });

  function show() {
    detail.hidden = !neuron;
    say(panel.figure, neuron ? `${neuron.region} ${neuron.slot}` : "");
    if (!neuron) return;
    regions.select.value = neuron.region;
    slot.value = String(neuron.slot);
    const kind = neuron.excitatory ? "excitatory" : "inhibitory";
    say(facts, `${neuron.alive ? "Alive" : "Dead"}, ${kind}, ${neuron.model}${neuron.pattern ? ` (${neuron.pattern.toLowerCase().replaceAll("_", " ")})` : ""}. Age ${clock(neuron.age)}. ${whole(neuron.spikes)} spikes, ${brief(neuron.rate)} Hz. Threshold ${brief(neuron.theta)} mV.`);
    for (const kind of /** @type {("inputs"|"outputs")[]} */ (["inputs", "outputs"])) {
      const { n, shown } = neuron[kind];
      say(titles[kind], `${many(n, kind.slice(0, -1))}${n > SHOWN ? ", the strongest" : ""}`);
      lists[kind].replaceChildren(
        ...shown.slice(0, SHOWN).map((/** @type {any[]} */ [region, index, weight, transmitter, delay]) =>
          h("li", {}, button(`${region} ${index}`, () => app.chooseNeuron({ region, slot: index }, answer), { class: "eg-link" }), h("span", { class: "eg-quiet" }, `${brief(weight)}, ${transmitter.toLowerCase()}, ${brief(delay)} ms`)),
        ),
      );
    }
  }

  function draw(/** @type {number} */ now) {
    const brain = app.session.brain;
    if (!neuron || !brain) return;
    const { times, values } = brain.voltage;
    const context = plot.begin();
    const end = times.at(-1) ?? 0;
    const from = times.findIndex((t) => t > end - WINDOW_MS);
    const [low, high] = [neuron.v_low, neuron.v_high];
    plot.scale(low, high, "mV");
    plot.text(`${WINDOW_MS} ms`, plot.width, 9, "right");
    if (times.length) {
      const xs = times.slice(from).map((t) => 1 - (end - t) / WINDOW_MS);
      plot.line(xs, values.slice(from), low, high, lineColour(neuron.excitatory ? 1 : 0, app.prefs.dark));
      plot.text(`${brief(values.at(-1) ?? NaN)} mV`, plot.width, plot.height - 5, "right");
    } else plot.text("Waiting for the next steps.", plot.width / 2, plot.height / 2, "center");
    context.globalAlpha = 1;
    if (app.session.source.canSend && now - asked > AGAIN_MS && brain.frame?.running) {
      asked = now;
      const who = neuron;
      app.command("neuron", { region: who.region, slot: who.slot }).catch(() => {});
    }
  }
  return panel;
}
