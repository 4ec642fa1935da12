/** Neurons and synapses over the whole life. */

import { h, say } from "../ui/dom.js";
import { clock, whole } from "../ui/format.js";
import { Panel } from "../ui/panel.js";
import { lineColour } from "../ui/palette.js";
import { Plot, roundUp } from "./plot.js";

const COUNTS = [
  ["neurons_born", "born"],
  ["neurons_died", "died"],
  ["synapses_born", "synapses made"],
  ["synapses_pruned", "synapses pruned"],
  ["spikes", "spikes"],
];

/** Until when it is known, ms. @param {import("../model/brain.js").BrainModel} brain */
const endOf = ({ frame, life }) => Math.max(1, frame?.time ?? life.rows.at(-1)?.[0] ?? 1);

/** @param {import("../app.js").App} app */
export function lifePanel(app) {
  const plots = [
    new Plot(app.prefs, 52, "Number of neurons over the whole life"),
    new Plot(app.prefs, 52, "Number of synapses over the whole life"),
  ];
  const figures = COUNTS.map(() => h("dd", {}));
  const facts = h("dl", { class: "eg-facts" }, ...COUNTS.flatMap(([, words], i) => [h("dt", {}, words), figures[i]]));
  const panel = new Panel("Whole life", [plots[0].canvas, plots[1].canvas, facts], {
    every: 400,
    draw,
    sum: () => (app.session.brain ? clock(endOf(app.session.brain)) : ""),
  });

  function draw() {
    const brain = app.session.brain;
    if (!brain) return;
    const { columns, rows } = brain.life;
    const end = endOf(brain);
    [["neurons", brain.frame?.neurons], ["synapses", brain.frame?.synapses]].forEach(([name, now], k) => {
      const at = columns.indexOf(String(name));
      const points = rows.map((row) => [row[0] / end, row[at]]);
      if (now !== undefined) points.push([1, Number(now)]);
      curve(plots[k], points, `${whole(Number(now))} ${name}`, k);
    });
    COUNTS.forEach(([name], i) => say(figures[i], whole(brain.count(name))));
  }

  function curve(
    /** @type {Plot} */ plot,
    /** @type {number[][]} */ points,
    /** @type {string} */ words,
    /** @type {number} */ k,
  ) {
    plot.begin();
    const ys = points.map(([, y]) => y);
    const most = Math.max(1, ...ys);
    const least = Math.min(...ys, most);
    const [low, high] = least > 0.5 * most ? [least * 0.98 - 1, most * 1.02 + 1] : [0, roundUp(most)];
    plot.context.fillStyle = plot.grid;
    plot.context.fillRect(0, plot.height - 1, plot.width, 1);
    plot.line(points.map(([x]) => x), ys, low, high, lineColour(k, app.prefs.dark));
    plot.text(words, 0, 9);
  }
  return panel;
}
