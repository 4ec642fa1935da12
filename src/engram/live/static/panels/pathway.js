/** The chosen pathway: weights as a histogram and as a matrix. */

import { bytesOf } from "../model/wire.js";
import { h, say } from "../ui/dom.js";
import { chooser } from "../ui/fields.js";
import { brief, whole } from "../ui/format.js";
import { Panel } from "../ui/panel.js";
import { lineColour } from "../ui/palette.js";
import { Plot } from "./plot.js";

const AGAIN_MS = 2500;
/** Dark to light: readable in all kinds of colour vision, and in grey. */
const RAMP_DARK = [[16, 22, 34], [46, 74, 122], [86, 150, 180], [233, 196, 106], [255, 245, 215]];
const RAMP_LIGHT = [[247, 246, 242], [214, 214, 190], [120, 170, 180], [30, 95, 140], [18, 30, 66]];

/** @param {import("../app.js").App} app */
export function pathwayPanel(app) {
  const chosen = chooser("Pathway", (label) => app.choosePathway(label || null));
  const bars = new Plot(app.prefs, 84, "Histogram of the weights of the chosen pathway");
  const matrix = h("canvas", { class: "eg-matrix", role: "img", "aria-label": "Weight matrix of the chosen pathway" });
  const facts = h("p", { class: "eg-quiet" });
  const scale = new Plot(app.prefs, 26, "Colours of the mean weights in the matrix");
  const legend = h("p", { class: "eg-quiet" });
  const panel = new Panel("Pathway", [chosen.element, facts, bars.canvas, matrix, scale.canvas, legend], { every: 250, draw });
  /** @type {any} */
  let pathway = null;
  let asked = 0;
  let fresh = false;
  app.session.on("event", (brain, event) => {
    if (event.event !== "pathway" || brain.number !== 0) return;
    const same = pathway?.label === event.label;
    pathway = event.label ? event : null;
    chosen.select.value = event.label ?? "";
    fresh = true;
    if (pathway && !same) panel.show();
    panel.refresh();
  });
  app.session.on("structure", (brain) => {
    if (brain.number !== 0) return;
    pathway = null;
    chosen.fill([["", "none"], ...brain.pathways.map(({ label }) => /** @type {[string, string]} */ ([label, label]))]);
    chosen.select.value = "";
  });

  function draw(/** @type {number} */ now) {
    const brain = app.session.brain;
    for (const element of [bars.canvas, matrix, scale.canvas]) element.hidden = !pathway;
    if (!pathway) {
      say(facts, "Choose a pathway here, or click a ribbon.");
      return say(legend, "");
    }
    say(facts, `${whole(pathway.n)} synapses, mean weight ${brief(pathway.mean)}, bounds ${brief(pathway.w_min)} to ${brief(pathway.w_max)}.`);
    histogram();
    drawScale();
    if (fresh) drawMatrix();
    fresh = false;
    if (app.session.source.canSend && now - asked > AGAIN_MS && brain?.frame?.running) {
      asked = now;
      app.command("weights", { label: pathway.label }).then((again) => {
        if (again.label !== pathway?.label) return;
        pathway = again;
        fresh = true;
      }, () => {});
    }
  }

  function histogram() {
    const { edges, counts } = pathway.histogram;
    const context = bars.begin();
    const most = Math.max(1, ...counts);
    const wide = bars.width / counts.length;
    context.fillStyle = lineColour(0, app.prefs.dark);
    counts.forEach((/** @type {number} */ n, /** @type {number} */ k) => {
      const tall = ((bars.height - 28) * n) / most;
      context.fillRect(k * wide + 0.5, bars.height - 14 - tall, Math.max(1, wide - 1), tall);
    });
    context.fillStyle = bars.grid;
    context.fillRect(0, bars.height - 14, bars.width, 1);
    bars.text(brief(edges[0]), 0, bars.height - 3);
    bars.text(brief(edges.at(-1)), bars.width, bars.height - 3, "right");
    bars.text(`${whole(most)} synapses`, 0, 9);
  }

  /** The colour bar of the matrix. */
  function drawScale() {
    const context = scale.begin();
    const tall = scale.height - 15;
    for (let x = 0; x < scale.width; x++) {
      context.fillStyle = `rgb(${shadeOf(x / scale.width, app.prefs.dark).map(Math.round)})`;
      context.fillRect(x, 0, 1, tall);
    }
    scale.text("0", 0, scale.height - 3);
    scale.text("mean weight, magnitude", scale.width / 2, scale.height - 3, "center");
    scale.text(brief(pathway.matrix.most), scale.width, scale.height - 3, "right");
    scale.canvas.dataset.most = brief(pathway.matrix.most);
  }

  function drawMatrix() {
    const { rows, columns, most, mean, count } = pathway.matrix;
    const values = new Float32Array(bytesOf(mean).buffer);
    const counts = new Uint32Array(bytesOf(count).buffer);
    matrix.width = columns;
    matrix.height = rows;
    const context = matrix.getContext("2d");
    const image = context.createImageData(columns, rows);
    for (let i = 0; i < rows * columns; i++) {
      const shade = counts[i] ? shadeOf(Math.abs(values[i]) / (most || 1), app.prefs.dark) : ramp(0, app.prefs.dark);
      image.data.set([...shade, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
    matrix.style.aspectRatio = `${columns} / ${Math.min(columns, Math.max(rows, columns / 4))}`;
    const { source, target } = app.session.brain?.pathways.find(({ label }) => label === pathway.label) ?? {};
    const names = app.session.brain?.regions ?? [];
    say(legend, `Rows: ${names[source ?? -1]?.name ?? "from"}. Columns: ${names[target ?? -1]?.name ?? "to"}. Beyond the bar's left end: no synapse.`);
  }
  return panel;
}

/** The shade of a weight, apart from that of no synapse. @param {number} part of the largest @param {boolean} dark */
const shadeOf = (part, dark) => ramp(0.18 + 0.82 * part, dark);

/** @param {number} x in [0, 1] @param {boolean} dark @returns {number[]} */
function ramp(x, dark) {
  const stops = dark ? RAMP_DARK : RAMP_LIGHT;
  const at = Math.max(0, Math.min(0.9999, x)) * (stops.length - 1);
  const k = Math.floor(at);
  return stops[k].map((c, i) => c + (at - k) * (stops[k + 1][i] - c));
}
