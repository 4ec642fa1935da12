/** The page: a picture in the middle, controls on one side, panels on the other. */

import { damageControl } from "./controls/damage.js";
import { filmTransport } from "./controls/film.js";
import { parametersControl, switchesControl } from "./controls/mechanisms.js";
import { rhythmControl } from "./controls/rhythm.js";
import { stimulateControl } from "./controls/stimulate.js";
import { filmControl, storeControl } from "./controls/store.js";
import { sleepControl, teachControl } from "./controls/teach.js";
import { transport } from "./controls/transport.js";
import { twinControl } from "./controls/twin.js";
import { digitsPanel } from "./panels/digits.js";
import { ratesPanel, thresholdsPanel, transmittersPanel } from "./panels/figures.js";
import { lifePanel } from "./panels/life.js";
import { logPanel } from "./panels/log.js";
import { memoryPanel } from "./panels/memory.js";
import { neuronPanel } from "./panels/neuron.js";
import { pathwayPanel } from "./panels/pathway.js";
import { rasterPanel } from "./panels/raster.js";
import { rhythmsPanel } from "./panels/rhythms.js";
import { worldPanel } from "./panels/world.js";
import { Scene } from "./scene/scene.js";
import { Banner } from "./ui/banner.js";
import { h } from "./ui/dom.js";
import { Header } from "./ui/header.js";
import { keyPanel } from "./ui/key.js";
import { Prefs } from "./ui/prefs.js";

const LABELS_MS = 250;
const FRAME_MS = 17;

/** Where keys mean something else; the space bar also presses buttons. */
const FIELDS = "input:not([type=range], [type=checkbox], [type=radio]), select, textarea, [contenteditable], [role=application]";

export class App {
  /**
   * @param {HTMLElement} root @param {import("./model/session.js").Session} session
   * @param {{canvas?: boolean, keys?: EventTarget}} [options] canvas: draw without WebGL; keys: who hears keys, if
   *   not the page's own element only
   */
  constructor(root, session, options = {}) {
    this.root = root;
    this.session = session;
    this.prefs = new Prefs();
    /** The brain that controls act on. */
    this.actsOn = 0;
    this.scene = new Scene(session, options);
    this.log = logPanel(this);
    this.panels = this.makePanels();
    this.transport = session.source.canSend ? transport(this) : filmTransport(this);
    this.build();
    this.keys = options.keys ?? this.element;
    this.onKey = (/** @type {any} */ event) => this.key(event);
    this.connect();
    this.applyPrefs();
  }

  makePanels() {
    return [
      worldPanel, digitsPanel, rasterPanel, ratesPanel, transmittersPanel, lifePanel, neuronPanel, pathwayPanel,
      memoryPanel, rhythmsPanel, thresholdsPanel, () => keyPanel(this), () => this.log.panel,
    ].map((make) => make(this));
  }

  build() {
    const makers = [
      stimulateControl, teachControl, sleepControl, twinControl, damageControl, switchesControl, parametersControl,
      rhythmControl, storeControl, filmControl,
    ];
    const controls = this.session.source.canSend ? makers.map((make) => fold(make(this))) : [];
    this.header = new Header(this);
    this.banner = new Banner(this);
    const side = (/** @type {string} */ name, /** @type {string} */ words, /** @type {any[]} */ content) =>
      h("aside", { class: `eg-side eg-${name}`, "aria-label": words, id: `eg-${name}` }, ...content);
    this.element = h(
      "div",
      { class: `engram-page${controls.length ? "" : " eg-film"}` },
      this.header.element,
      this.banner.element,
      h("main", { class: "eg-middle" }, this.scene.element, this.transport.element),
      controls.length > 0 && side("controls", "Controls", controls),
      side("panels", "Panels", this.panels.map(({ element }) => element)),
      this.log.live,
    );
    this.root.classList.add("engram");
    this.root.replaceChildren(this.element);
  }

  connect() {
    const { session, scene } = this;
    scene.on("neuron", (who) => this.chooseNeuron(who));
    scene.on("pathway", ({ label }) => this.choosePathway(label));
    this.prefs.on("change", () => this.applyPrefs());
    this.keys.addEventListener("keydown", this.onKey);
    session.on("structure", () => this.element.classList.add("eg-ready"));
  }

  applyPrefs() {
    const { dark, calm } = this.prefs;
    this.root.dataset.theme = dark ? "dark" : "light";
    this.root.classList.toggle("eg-calm", calm);
    this.scene.setTheme(dark);
    this.scene.calm = calm;
    this.scene.camera.smooth = !this.prefs.still.matches;
    for (const panel of this.panels) panel.refresh();
  }

  start() {
    this.session.start();
    this.scene.start();
    let labels = 0;
    let next = 0;
    const loop = (/** @type {number} */ now) => {
      this.timer = requestAnimationFrame(loop);
      // One panel a frame, and seldom where pictures take long.
      const patience = Math.max(1, Math.min(4, (this.scene.quality.mean / FRAME_MS) ** 2));
      for (let seen = 0; seen < this.panels.length; seen++) {
        next = (next + 1) % this.panels.length;
        if (this.panels[next].turn(now, patience)) break;
      }
      this.header.turn(now);
      if (now - labels < LABELS_MS || !this.session.brain) return;
      labels = now;
      this.scene.labels.write(this.session.brain);
      // At the same moment, so that a figure that stands in both places is one.
      for (const panel of this.panels) panel.tell?.();
      this.element.classList.toggle("eg-asleep", this.session.brain.frame?.asleep ?? false);
    };
    this.timer = requestAnimationFrame(loop);
  }

  stop() {
    cancelAnimationFrame(this.timer ?? 0);
    this.keys.removeEventListener("keydown", this.onKey);
    this.scene.stop();
    this.session.source.stop();
  }

  // -- what parts of the page ask for

  /** A command to the brain that controls act on. @param {string} name @param {object} [values] */
  command(name, values = {}) {
    return this.session.command(name, { brain: this.actsOn, ...values });
  }

  /** @param {{region: string, slot: number, brain?: number}|null} who @param {import("./ui/fields.js").Answer} [answer] */
  chooseNeuron(who, answer) {
    if (!this.session.source.canSend) return;
    const command = this.command("neuron", who ?? { region: null });
    if (answer) answer.show(command);
    else command.catch((error) => this.banner.tell(error.message));
  }

  /** @param {string|null} label */
  choosePathway(label) {
    if (!this.session.source.canSend) return;
    this.command("pathway", { label }).catch((error) => this.banner.tell(error.message));
  }

  /** Put rings around neurons. @param {string} name of the region @param {number[]} slots */
  markNeurons(name, slots) {
    const picture = this.scene.pictures.get(0);
    const region = this.session.brain?.region(name);
    if (!picture || !region) return;
    picture.cloud.mark(slots.map((slot) => picture.pointOf(region, slot)));
    this.scene.dirty = true;
  }

  /** @param {number} index of a trace @param {import("./ui/fields.js").Answer} answer */
  async showTrace(index, answer) {
    const trace = await answer.show(this.command("trace", { index }));
    if (trace) this.markNeurons(trace.region, trace.neurons);
  }

  key(/** @type {KeyboardEvent} */ event) {
    const target = /** @type {Element} */ (event.target);
    const typing = event.key === " " ? `${FIELDS}, button, summary, a, input` : FIELDS;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || target.closest?.(typing)) return;
    if (event.key === " ") this.transport.toggle();
    else if (event.key === ".") this.transport.step();
    else return;
    event.preventDefault();
  }
}

/** A control that folds. @param {{title: string, element: any, open?: boolean}} control */
function fold({ title, element, open = false }) {
  const name = title.toLowerCase().replaceAll(" ", "-");
  return h(
    "details",
    { class: "eg-panel eg-control", open, "data-control": name },
    h("summary", {}, h("span", { class: "eg-panel-title" }, title)),
    h("div", { class: "eg-panel-body" }, element),
  );
}
