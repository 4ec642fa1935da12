/** Thin lines: arcs of a chosen neuron, dendrites, synapses that come and go. */

import { Mesh, makeProgram } from "./gl.js";

const VERTEX = `
layout(location = 0) in vec3 place;
layout(location = 1) in vec4 paint;
uniform mat4 matrix;
out vec4 tint;
void main() {
  gl_Position = matrix * vec4(place, 1.0);
  tint = paint;
}`;

const FRAGMENT = `
in vec4 tint;
uniform float solid, breath;
out vec4 colour;
void main() {
  colour = vec4(tint.rgb * tint.a * breath, tint.a * solid * breath);
}`;

export class LineLayer {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.shader = makeProgram(gl, VERTEX, FRAGMENT);
    /** @type {Mesh|null} */
    this.mesh = null;
    this.built = -1;
  }

  /** @param {import("./strokes.js").Strokes} strokes @param {import("./renderer.js").Look} look */
  draw(strokes, look) {
    const { gl } = this;
    if (this.built !== strokes.version) this.build(strokes);
    if (!this.mesh || !strokes.count) return;
    const { program, at } = this.shader;
    gl.useProgram(program);
    gl.uniformMatrix4fv(at.matrix, false, look.matrix);
    gl.uniform1f(at.solid, look.solid);
    gl.uniform1f(at.breath, look.breath);
    this.mesh.draw(gl.LINES, strokes.count);
  }

  build(/** @type {import("./strokes.js").Strokes} */ strokes) {
    this.mesh?.free();
    this.mesh = strokes.count
      ? new Mesh(this.gl, [
          { size: 3, data: strokes.places },
          { size: 4, type: this.gl.UNSIGNED_BYTE, data: strokes.paint },
        ])
      : null;
    this.built = strokes.version;
  }
}
