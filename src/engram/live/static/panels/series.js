/** Panels with one line for each region or pathway over the last seconds. */

import { Panel } from "../ui/panel.js";
import { lineColour, lineDash } from "../ui/palette.js";
import { Legend } from "./legend.js";
import { Plot, roundUp } from "./plot.js";

const WINDOW_MS = 10_000;
/** The least that a scale ends at. */
const LEAST = 0.1;

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {number} colour index of its colour
 * @property {(row: any) => number} value of a row of the past
 * @property {number} [rest] its value while nothing happens
 * @property {string} [words] what stands in place of its value
 */

/**
 * @param {import("../app.js").App} app
 * @param {{title: string, unit: string, label: string, none: string, name?: string, signed?: boolean, open?: boolean,
 *   lines: (brain: import("../model/brain.js").BrainModel, rows: any[]) => Line[],
 *   show: (value: number) => string}} what
 */
export function seriesPanel(app, what) {
  const plot = new Plot(app.prefs, 78, what.label);
  const legend = new Legend(app.prefs);
  const panel = new Panel(what.title, [plot.canvas, legend.element], {
    every: 110, draw, open: what.open ?? true, name: what.name ?? what.title,
  });
  const recent = (/** @type {any[]} */ rows) => rows.filter(({ time }) => time > (rows.at(-1)?.time ?? 0) - WINDOW_MS);

  /** Write the values of now. */
  panel.tell = () => {
    const brain = app.session.brain;
    if (!brain) return;
    const rows = recent(brain.past.rows);
    const lines = what.lines(brain, rows);
    legend.set(lines.map(({ name }) => name), lines.map(({ colour }) => colour));
    const last = rows.at(-1);
    if (last) legend.write(lines.map(({ value, words }) => words ?? what.show(value(last))));
  };

  function draw() {
    const brain = app.session.brain;
    const context = plot.begin();
    if (!brain) return;
    const shown = recent(brain.past.rows);
    const lines = what.lines(brain, shown);
    if (!lines.length) return plot.text(what.none, 0, 40);
    const end = shown.at(-1)?.time ?? 0;
    const span = Math.max(1, end - (shown[0]?.time ?? 0));
    const xs = shown.map(({ time }) => 1 - (end - time) / span);
    const all = lines.map(({ value }) => shown.map(value));
    const high = roundUp(Math.max(LEAST, ...all.map(largest)));
    const low = what.signed ? Math.min(0, -roundUp(Math.max(0, ...all.map((ys) => largest(ys.map((y) => -y)))))) : 0;
    shade(context, shown, xs, plot);
    plot.scale(low, high, what.unit);
    plot.text(`${(span / 1000).toFixed(1)} s`, plot.width, 9, "right");
    lines.forEach(({ colour }, i) => plot.line(xs, all[i], low, high, lineColour(colour, app.prefs.dark), lineDash(colour)));
  }
  return panel;
}

/** @param {number[]} ys */
const largest = (ys) => ys.reduce((a, b) => (b > a ? b : a), -Infinity);

/** Sleep as a band behind the lines. */
function shade(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {{asleep: boolean}[]} */ rows,
  /** @type {number[]} */ xs,
  /** @type {Plot} */ plot,
) {
  context.fillStyle = plot.prefs.dark ? "rgba(95,127,200,0.20)" : "rgba(95,127,200,0.18)";
  let since = -1;
  for (let i = 0; i <= rows.length; i++) {
    if (rows[i]?.asleep && since < 0) since = i;
    if (rows[i]?.asleep || since < 0) continue;
    const [from, to] = [xs[Math.max(0, since - 1)], xs[i - 1]];
    context.fillRect(from * plot.width, 13, (to - from) * plot.width, plot.height - 14);
    since = -1;
  }
}
