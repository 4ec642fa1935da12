/** Rates, thresholds and transmitters. */

import { brief } from "../ui/format.js";
import { seriesPanel } from "./series.js";

const MOST_LINES = 14;

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/brain.js").BrainModel} BrainModel */

/** One line a region, of a column of the frames. */
const regional = (/** @type {string} */ column) => (/** @type {BrainModel} */ brain) => {
  const { regions = [] } = brain.columns ?? {};
  const at = regions.indexOf(column);
  return brain.regions.map(({ name, index }) => ({
    name,
    colour: index,
    value: (/** @type {any} */ row) => row.regions?.[index * regions.length + at] ?? NaN,
  }));
};

/** @param {App} app */
export const ratesPanel = (app) =>
  seriesPanel(app, {
    title: "Rates",
    unit: "Hz",
    label: "Mean firing rates of the regions over the last seconds",
    none: "No regions.",
    smooth: true,
    lines: regional("rate"),
    show: (x) => `${brief(x)} Hz`,
  });

/** @param {App} app */
export const thresholdsPanel = (app) =>
  seriesPanel(app, {
    title: "Thresholds",
    unit: "mV",
    label: "Mean adaptive thresholds of the regions over the last seconds",
    none: "No regions.",
    open: false,
    signed: true,
    lines: regional("theta"),
    show: (x) => `${brief(x)} mV`,
  });

/** Dopamine at pathways that learn by reward, and what is released elsewhere. */
function released(/** @type {BrainModel} */ brain) {
  const { pathways = [] } = brain.columns ?? {};
  const of = (/** @type {string} */ column, /** @type {number} */ index) => (/** @type {any} */ row) =>
    row.pathways?.[index * pathways.length + pathways.indexOf(column)] ?? NaN;
  const lines = [];
  for (const { index, label, rewardable, transmitter } of brain.pathways) {
    const short = label.replace(/^(proj|region):/, "").replace("->", " → ");
    if (rewardable) lines.push({ name: short, colour: lines.length, value: of("dopamine", index) });
    if (transmitter === "acetylcholine" || transmitter === "serotonin") {
      lines.push({ name: `${transmitter}, ${short}`, colour: lines.length, value: of("level", index) });
    }
  }
  return lines.slice(0, MOST_LINES);
}

/** @param {App} app */
export const transmittersPanel = (app) =>
  seriesPanel(app, {
    title: "Dopamine and other transmitters",
    unit: "",
    label: "Levels of dopamine and other transmitters over the last seconds",
    none: "No pathway learns by reward here.",
    signed: true,
    lines: released,
    show: brief,
  });
