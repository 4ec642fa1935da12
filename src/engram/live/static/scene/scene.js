/** The picture: brains side by side, a camera, labels, and what hands do to them. */

import { Emitter } from "../model/emitter.js";
import { h, svg } from "../ui/dom.js";
import { Camera } from "./camera.js";
import { FlatRenderer } from "./flat.js";
import { Gestures } from "./gestures.js";
import { Labels } from "./labels.js";
import { asleep, theme } from "./looks.js";
import { neuronAt, neuronsWithin } from "./pick.js";
import { Picture } from "./picture.js";
import { Quality } from "./quality.js";
import { GLRenderer } from "./renderer.js";

const MOST_PIXELS_SOFTWARE = 1_100_000;
const RIBBON_PX = 12;
const FADE_MS = 190;
const FADE_CALM_MS = 750;
const STEP_DIMS = 0.5;

/** Emits: neuron({region, slot} or null), pathway(label), lasso([[region name, slots], ...]), broken(words). */
export class Scene extends Emitter {
  /** @param {import("../model/session.js").Session} session @param {{canvas?: boolean}} [options] */
  constructor(session, options = {}) {
    super();
    this.session = session;
    this.camera = new Camera();
    this.quality = new Quality();
    this.theme = theme(true);
    this.calm = false;
    this.depth = 0;
    this.wave = 0;
    this.dirty = true;
    this.before = 0;
    /** @type {Map<number, Picture>} */
    this.pictures = new Map();
    this.build(options);
    session.on("structure", (brain) => this.setBrain(brain));
    session.on("gone", (number) => this.pictures.delete(number) && this.resize());
    session.on("hello", () => this.pictures.clear());
    session.on("frame", (brain, frame) => this.takeFrame(brain, frame));
    session.on("event", (brain, event) => this.takeEvent(brain, event));
  }

  build(/** @type {{canvas?: boolean}} */ options) {
    this.canvas = h("canvas", {
      class: "eg-canvas",
      tabindex: "0",
      role: "img",
      "aria-label":
        "The brain. Arrow keys turn it, shift and arrows move it, plus and minus zoom, 0 goes back. Figures are in the panels.",
    });
    this.layer = h("div", { class: "eg-labels" });
    this.line = svg("polygon", { class: "eg-lasso-line" });
    this.twinSign = h("div", { class: "eg-twin-sign", hidden: true }, h("span", {}, "original"), h("span", {}, "twin"));
    this.element = h(
      "div",
      { class: "eg-scene" },
      this.canvas,
      this.layer,
      svg("svg", { class: "eg-lasso", "aria-hidden": "true" }, this.line),
      this.twinSign,
    );
    this.labels = new Labels(this.layer, (region) => this.approach(region));
    this.gestures = new Gestures(this.canvas, {
      orbit: (dx, dy) => this.camera.orbit(-dx * 0.006, dy * 0.006),
      pan: (dx, dy) => this.camera.pan(-dx / this.height, dy / this.height),
      zoom: (factor) => this.camera.zoom(factor),
      reset: () => this.camera.reset(),
      click: (x, y) => this.click(x, y),
      lasso: (points, done) => this.lasso(points, done),
    });
    this.width = this.height = 1;
    this.renderer = this.makeRenderer(options);
    new ResizeObserver(() => this.resize()).observe(this.element);
  }

  /** WebGL2, or a plain canvas, or nothing. */
  makeRenderer(/** @type {{canvas?: boolean}} */ options) {
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.renderer = null;
      this.emit("broken", "The graphics processor was lost; waiting for it.");
    });
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.renderer = new GLRenderer(this.canvas);
      this.resize();
      this.emit("broken", "");
    });
    for (const make of options.canvas ? [FlatRenderer] : [GLRenderer, FlatRenderer]) {
      try {
        return new make(this.canvas);
      } catch (error) {
        this.trouble = String(error);
      }
    }
    return null;
  }

  start() {
    const loop = (/** @type {number} */ now) => {
      this.timer = requestAnimationFrame(loop);
      this.turn(now);
    };
    this.timer = requestAnimationFrame(loop);
  }

  stop() {
    cancelAnimationFrame(this.timer ?? 0);
  }

  // -- what comes from the brain

  setBrain(/** @type {import("../model/brain.js").BrainModel} */ brain) {
    const known = this.pictures.get(brain.number);
    if (known) known.rebuild();
    else this.pictures.set(brain.number, new Picture(brain, this.theme));
    if (brain.number === 0) {
      this.labels.build(brain);
      const key = JSON.stringify(brain.regions.map(({ name, centre }) => [name, centre]));
      if (key !== this.fitted) this.camera.fit(brain.regions);
      this.fitted = key;
    }
    this.resize();
  }

  takeFrame(
    /** @type {import("../model/brain.js").BrainModel} */ brain,
    /** @type {import("../model/wire.js").Frame} */ frame,
  ) {
    const picture = this.pictures.get(brain.number);
    // A paused brain keeps its light; each step dims what was before.
    if (picture && !frame.running) picture.cloud.dim(STEP_DIMS);
    picture?.take(frame, this.before);
    this.dirty = true;
  }

  takeEvent(/** @type {import("../model/brain.js").BrainModel} */ brain, /** @type {any} */ event) {
    const picture = this.pictures.get(brain.number);
    picture?.happen(event, this.before);
    if (event.event === "neuron") picture?.choose(event.region ? event : null);
    if (event.event === "pathway" && picture) {
      picture.tracts.chosen = brain.pathways.findIndex(({ label }) => label === event.label);
    }
    this.dirty = true;
  }

  // -- what hands do

  /** @param {boolean} dark */
  setTheme(dark) {
    this.theme = theme(dark);
    for (const picture of this.pictures.values()) picture.setTheme(this.theme);
    this.dirty = true;
  }

  /** Bring a region near. @param {number} index */
  approach(index) {
    const region = this.session.brain?.regions[index];
    if (!region) return;
    const near = region.radius * 5.2;
    const already = Math.hypot(...region.centre.map((c, k) => c - this.camera.goal[3 + k])) < 0.01;
    if (already && this.camera.goal[2] < near * 1.1) this.camera.reset();
    else this.camera.lookTo(/** @type {any} */ (region.centre), near);
  }

  /** The picture under a point, and the point within it. */
  under(/** @type {number} */ x) {
    const list = [...this.pictures.values()];
    const wide = this.width / list.length;
    const k = Math.min(list.length - 1, Math.floor(x / wide));
    return { picture: list[k], x: x - k * wide, wide };
  }

  click(/** @type {number} */ px, /** @type {number} */ y) {
    const { picture, x, wide } = this.under(px);
    if (!picture) return;
    const { brain, cloud, tracts } = picture;
    const at = neuronAt(cloud, this.camera, x, y, wide, this.height);
    if (at >= 0) {
      const [region, point] = cloud.whose(at);
      this.emit("neuron", { brain: brain.number, region: brain.regions[region].name, slot: point * brain.regions[region].perPoint });
      return;
    }
    const { row, far } = tracts.nearest(this.camera, x, y, wide, this.height);
    if (far < RIBBON_PX) this.emit("pathway", { brain: brain.number, label: brain.pathways[row].label });
    else this.emit("neuron", null);
  }

  lasso(/** @type {[number, number][]} */ points, /** @type {boolean} */ done) {
    this.line.setAttribute("points", done ? "" : points.map((p) => p.join(",")).join(" "));
    const picture = this.pictures.get(0);
    if (!done || !picture) return;
    const wide = this.width / this.pictures.size;
    const { cloud, brain } = picture;
    const caught = neuronsWithin(cloud, this.camera, points, wide, this.height);
    cloud.mark(caught);
    this.dirty = true;
    /** @type {Map<string, number[]>} */
    const out = new Map();
    for (const i of caught) {
      const [index, point] = cloud.whose(i);
      const { name, perPoint, alive } = brain.regions[index];
      const slots = out.get(name) ?? [];
      for (let slot = point * perPoint; slot < (point + 1) * perPoint; slot++) if (alive[slot]) slots.push(slot);
      out.set(name, slots);
    }
    this.emit("lasso", [...out]);
  }

  /** Take the rings of a lasso away. */
  unmark() {
    for (const picture of this.pictures.values()) picture.choose(picture.neuron);
    this.dirty = true;
  }

  // -- drawing

  resize() {
    const box = this.element.getBoundingClientRect();
    [this.width, this.height] = [Math.max(1, box.width), Math.max(1, box.height)];
    const twins = this.pictures.size > 1;
    this.twinSign.hidden = !twins;
    this.camera.setAspect(this.width / Math.max(1, this.pictures.size) / this.height);
    let ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    if (this.renderer?.software) {
      ratio = Math.min(1, Math.sqrt(MOST_PIXELS_SOFTWARE / (this.width * this.height)));
    }
    this.pixel = ratio * this.quality.share;
    this.renderer?.resize(Math.round(this.width * this.pixel), Math.round(this.height * this.pixel));
    this.dirty = true;
  }

  turn(/** @type {number} */ now) {
    const ms = Math.min(100, now - this.before || 16);
    const between = now - this.before;
    this.before = now;
    const frame = this.session.brain?.frame;
    let moving = this.camera.advance(ms);
    moving = this.sleepOn(frame, ms, now) || moving;
    const running = frame?.running ?? false;
    for (const picture of this.pictures.values()) {
      const tau = this.calm ? FADE_CALM_MS : FADE_MS;
      if (running) {
        picture.tracts.advance(ms);
        moving = picture.advance(now, ms, tau) || moving;
      } else moving = picture.advance(now, 0, tau) && picture.recent.length + picture.cloud.born.size > 0 ? true : moving;
    }
    if (!this.renderer || !(moving || this.dirty || running)) return;
    this.dirty = false;
    this.drawAll();
    if (this.quality.note(between, now)) this.resize();
  }

  /** How deep in sleep the picture is, and the breath of slow waves. @returns {boolean} whether it changes */
  sleepOn(/** @type {import("../model/wire.js").Frame|null|undefined} */ frame, /** @type {number} */ ms, /** @type {number} */ now) {
    const goal = frame?.asleep ? 1 : 0;
    const moved = goal - this.depth;
    this.depth += moved * (1 - Math.exp(-ms / 700));
    // A brain that sleeps faster than real time still breathes slowly.
    const fast = (frame?.speed ?? 0) > 1.5;
    const wave = fast ? Math.sin((now / 1000) * Math.PI) : (frame?.wave ?? 0);
    this.wave += (wave - this.wave) * (1 - Math.exp(-ms / 250));
    return Math.abs(moved) > 0.003 || (goal > 0 && (frame?.running ?? false));
  }

  drawAll() {
    const { camera, depth, calm, pixel } = this;
    const list = [...this.pictures.values()];
    const wide = this.width / Math.max(1, list.length);
    const swing = calm ? 0.04 : 0.12;
    const look = {
      matrix: camera.matrix,
      eye: camera.eye,
      width: wide * pixel,
      height: this.height * pixel,
      focal: camera.focal,
      distance: camera.now[2],
      depth: camera.radius ?? 4,
      pixel,
      breath: 1 - 0.34 * depth + swing * depth * this.wave,
      glowing: calm ? 0.55 : 1,
      swell: this.renderer.software ? 1 : 2,
      solid: this.theme.solid,
      rest: this.theme.rest,
      calm,
      colours: asleep(this.theme, depth),
    };
    list.forEach((picture, k) => picture.cloud.differ(list[1 - k] && k < 2 ? list[1 - k].cloud : null));
    this.renderer.begin();
    list.forEach((picture, k) => this.renderer.draw(picture, look, { x: k / list.length, width: 1 / list.length }, camera));
    if (list.length) this.labels.place(list[0].brain, camera, wide, this.height);
  }
}
