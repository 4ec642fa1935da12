/** Rates, thresholds and transmitters. */

import { brief, hertz } from "../ui/format.js";
import { seriesPanel } from "./series.js";

const MOST_LINES = 14;
/** What is nearer to its rest than this part of it, or this much, is at rest. */
const [NEAR, LEAST] = [0.01, 0.01];
const OTHERS = 6;

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
    title: "Rates (running mean over 1 s)",
    name: "Rates",
    unit: "Hz",
    label: "Firing rates of the regions, running means over 1 s of simulated time, in the last seconds",
    none: "No regions.",
    lines: regional("rate"),
    show: hertz,
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
function released(/** @type {BrainModel} */ brain, /** @type {any[]} */ rows) {
  const { pathways = [] } = brain.columns ?? {};
  const of = (/** @type {string} */ column, /** @type {number} */ index) => (/** @type {any} */ row) =>
    row.pathways?.[index * pathways.length + pathways.indexOf(column)] ?? NaN;
  const lines = [];
  for (const { index, label, rewardable, transmitter } of brain.pathways) {
    const short = label.replace(/^(proj|region):/, "").replace("->", " → ");
    if (rewardable) lines.push({ name: short, colour: lines.length, value: of("dopamine", index), rest: tonic(brain, label) });
    if (transmitter === "acetylcholine" || transmitter === "serotonin") {
      lines.push({ name: `${transmitter}, ${short}`, colour: lines.length, value: of("level", index), rest: 0 });
    }
  }
  return folded(lines, rows);
}

/** Tonic dopamine at a pathway. */
function tonic(/** @type {BrainModel} */ brain, /** @type {string} */ label) {
  const { parameters = [] } = brain.settings.parts.find((/** @type {any} */ p) => p.part === `rule:${label}`) ?? {};
  return parameters.find((/** @type {any} */ p) => p.name === "baseline_dopamine")?.value ?? 0;
}

/**
 * The lines that were not at rest in the last seconds, and one for all others.
 * @param {(import("./series.js").Line & {rest: number})[]} lines @param {any[]} rows
 * @returns {import("./series.js").Line[]}
 */
export function folded(lines, rows) {
  const still = (/** @type {typeof lines[0]} */ { value, rest }) =>
    rows.every((row) => !(Math.abs(value(row) - rest) > NEAR * Math.abs(rest) + LEAST));
  const others = lines.filter(still);
  const shown = lines.filter((line) => !others.includes(line)).slice(0, MOST_LINES);
  if (others.length < 2) return [...shown, ...others];
  const last = rows.at(-1);
  const values = last ? others.map(({ value }) => value(last)) : [NaN];
  const ends = [Math.min(...values), Math.max(...values)].map(brief);
  const words = ends[0] === ends[1] ? ends[0] : ends.join(" to ");
  return [...shown, { name: `${shown.length ? "others" : "all"}: at rest`, colour: OTHERS, value: others[0].value, words }];
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
