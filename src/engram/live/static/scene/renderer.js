/** Draws clouds, tracts and strokes with WebGL2. */

import { CrowdLayer } from "./crowd.js";
import { contextOf, isSoftware } from "./gl.js";
import { LineLayer } from "./lines.js";
import { NeuronLayer } from "./neurons.js";
import { RibbonLayer } from "./ribbons.js";

/**
 * How things look at the moment.
 * @typedef {object} Look
 * @property {Float32Array} matrix @property {number[]} eye
 * @property {number} width @property {number} height of the view, device pixels
 * @property {number} focal @property {number} pixel device pixels a CSS pixel has
 * @property {number} distance of what is looked at @property {number} depth of the whole picture
 * @property {number} breath brightness, about 1
 * @property {number} swell how far a halo reaches
 * @property {number} glowing how much of a glow is drawn, 0 to 1
 * @property {number} solid 0: light adds up (dark theme); 1: paint covers (light theme)
 * @property {number} rest opacity of neurons at rest
 * @property {boolean} calm
 * @property {Record<string, number[]>} colours
 */

/**
 * What is drawn of one brain.
 * @typedef {object} Picture
 * @property {import("./cloud.js").Cloud} cloud
 * @property {import("./tracts.js").Tracts} tracts
 * @property {import("./strokes.js").Strokes} dendrites
 * @property {import("./strokes.js").Strokes} arcs
 * @property {import("./strokes.js").Strokes} changes
 */

/** @typedef {{x: number, width: number}} Part where of the canvas, as shares of its width */

/** Neurons that are drawn one by one where the processor draws. */
const MOST_SINGLE = 4000;

export class GLRenderer {
  /** @param {HTMLCanvasElement} canvas @throws {Error} if there is no WebGL2 */
  constructor(canvas) {
    const gl = contextOf(canvas);
    if (!gl) throw new Error("no WebGL2");
    this.gl = gl;
    this.canvas = canvas;
    this.software = isSoftware(gl);
    this.kind = this.software ? "WebGL2, in software" : "WebGL2";
    /** @type {WeakMap<Picture, {neurons: NeuronLayer, crowd: CrowdLayer, ribbons: RibbonLayer, lines: LineLayer[], cloud: object}>} */
    this.layers = new WeakMap();
  }

  /** Pixels. @param {number} width @param {number} height */
  resize(width, height) {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  begin() {
    const { gl } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** @param {Picture} picture @param {Look} look @param {Part} part */
  draw(picture, look, part) {
    const { gl, canvas } = this;
    const [x, width] = [part.x * canvas.width, part.width * canvas.width];
    gl.viewport(x, 0, width, canvas.height);
    const layers = this.layersOf(picture);
    layers.ribbons.draw(picture.tracts, look);
    layers.lines[0].draw(picture.dendrites, look);
    if (this.crowded(picture.cloud)) layers.crowd.draw(picture.cloud, look);
    else layers.neurons.draw(picture.cloud, look);
    layers.lines[1].draw(picture.arcs, look);
    layers.lines[2].draw(picture.changes, look);
  }

  /** Whether there are more neurons than the processor can draw one by one. */
  crowded(/** @type {import("./cloud.js").Cloud} */ cloud) {
    return this.software && cloud.count > MOST_SINGLE;
  }

  layersOf(/** @type {Picture} */ picture) {
    let layers = this.layers.get(picture);
    if (!layers) {
      const { gl } = this;
      const lines = [0, 1, 2].map(() => new LineLayer(gl));
      layers = { neurons: new NeuronLayer(gl), crowd: new CrowdLayer(gl), ribbons: new RibbonLayer(gl), lines, cloud: {} };
      this.layers.set(picture, layers);
    }
    if (layers.cloud !== picture.cloud) {
      layers.neurons.build(picture.cloud);
      layers.ribbons.build(picture.tracts);
      layers.cloud = picture.cloud;
    }
    return layers;
  }
}
