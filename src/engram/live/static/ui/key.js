/** What colours and shapes mean, and which keys there are. */

import { theme } from "../scene/looks.js";
import { h } from "./dom.js";
import { Panel } from "./panel.js";

/** Shapes and colours, by their name in the theme. */
const SHAPES = [
  ["excites", "excitatory neuron (disc)"],
  ["inhibits", "inhibitory neuron (diamond)"],
  ["born", "newborn neuron, new synapse"],
  ["lost", "died, pruned"],
  ["differs", "differs from the twin"],
];
const RIBBONS = ["glutamate", "gaba", "dopamine", "serotonin", "acetylcholine"];
const KEYS = [
  ["space", "play or pause"],
  [".", "one step"],
  ["arrows", "turn the picture"],
  ["shift, arrows", "move it"],
  ["+ −", "nearer, farther"],
  ["0", "all of it again"],
];

/** @param {import("../app.js").App} app */
export function keyPanel(app) {
  const swatches = [...SHAPES.map(([name]) => name), ...RIBBONS].map((name) => ({ name, mark: h("span", { class: `eg-swatch eg-swatch-${name}`, "aria-hidden": "true" }) }));
  const words = [...SHAPES.map(([, text]) => text), ...RIBBONS.map((name) => `${name} (ribbon; wider: heavier)`)];
  const list = h("ul", { class: "eg-key" }, ...swatches.map(({ mark }, i) => h("li", {}, mark, words[i])));
  const keys = h("dl", { class: "eg-keys" }, ...KEYS.flatMap(([key, what]) => [h("dt", {}, key), h("dd", {}, what)]));
  const about = h("p", { class: "eg-quiet" });
  return new Panel("Key", [list, keys, about], {
    open: false,
    every: 1000,
    draw: () => {
      const { hex } = theme(app.prefs.dark);
      for (const { name, mark } of swatches) mark.style.backgroundColor = hex[name];
      const { renderer, quality } = app.scene;
      about.textContent = `Drawn with ${renderer?.kind ?? "nothing"}, ${Math.round(quality.rate)} pictures a second.`;
    },
  });
}
