/** Spikes of chosen neurons, scrolling by. */

import { h } from "../ui/dom.js";
import { segments } from "../ui/fields.js";
import { Panel } from "../ui/panel.js";
import { lineColour } from "../ui/palette.js";
import { Plot } from "./plot.js";

const NAMES = 46;

/** @param {import("../app.js").App} app */
export function rasterPanel(app) {
  const plot = new Plot(app.prefs, 190, "Raster of spikes: time to the right, one row a neuron, grouped by region");
  let span = 2000;
  const spans = segments("Length of the raster", [["500", "½ s"], ["2000", "2 s"], ["10000", "10 s"]], (value) => {
    span = Number(value);
  });
  spans.set("2000");
  const panel = new Panel("Spikes", [plot.canvas, h("div", { class: "eg-row eg-small" }, spans.element)], { every: 66, draw });

  function draw() {
    const brain = app.session.brain;
    const context = plot.begin();
    if (!brain?.rows) return;
    const tall = (plot.height - 4) / brain.rows;
    const wide = plot.width - NAMES;
    let top = 0;
    for (const region of brain.regions) {
      const rows = region.raster.length;
      if (top) {
        context.fillStyle = plot.grid;
        context.fillRect(0, 2 + top * tall, plot.width, 1);
      }
      if (rows * tall > 9) plot.text(clip(context, region.name), 0, 2 + (top + rows / 2) * tall + 3.5, "left", lineColour(region.index, app.prefs.dark));
      top += rows;
    }
    const { spikes, frame } = brain;
    const end = frame?.step ?? 0;
    const steps = span / brain.dt;
    context.fillStyle = plot.grid;
    for (const [from, to] of spikes.gaps) {
      const x = Math.max(0, 1 - (end - from) / steps);
      if (to > end - steps) context.fillRect(NAMES + x * wide, 2, Math.max(1, ((to - from) / steps) * wide), plot.height - 4);
    }
    dots(context, brain, end, steps, wide, tall);
  }

  function dots(
    /** @type {CanvasRenderingContext2D} */ context,
    /** @type {import("../model/brain.js").BrainModel} */ brain,
    /** @type {number} */ end,
    /** @type {number} */ steps,
    /** @type {number} */ wide,
    /** @type {number} */ tall,
  ) {
    const { row, step, next, size } = brain.spikes;
    const high = Math.max(1.1, Math.min(4, tall * 0.9));
    const colours = brain.regions.flatMap(({ raster, index }) => raster.map(() => lineColour(index, app.prefs.dark)));
    let colour = "";
    for (let k = 1; k <= size; k++) {
      const i = (next - k + row.length) % row.length;
      const ago = end - step[i];
      if (ago > 2 * steps) break;
      if (ago > steps) continue;
      if (colours[row[i]] !== colour) context.fillStyle = colour = colours[row[i]];
      context.fillRect(NAMES + (1 - ago / steps) * wide - 1, 2 + row[i] * tall, 1.6, high);
    }
  }
  return panel;
}

/** A name no wider than there is room. */
function clip(/** @type {CanvasRenderingContext2D} */ context, /** @type {string} */ name) {
  if (context.measureText(name).width <= NAMES - 4) return name;
  let short = name;
  while (short.length > 1 && context.measureText(`${short}…`).width > NAMES - 4) short = short.slice(0, -1);
  return `${short}…`;
}
