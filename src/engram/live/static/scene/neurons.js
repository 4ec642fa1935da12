/** Neurons as points: discs excite, diamonds inhibit; all of a brain in one call. */

import { Mesh, makeProgram } from "./gl.js";

// All that is the same for a whole point is computed here: where the processor draws, each
// operation on a pixel counts.
const VERTEX = `
layout(location = 0) in vec3 place;
layout(location = 1) in vec4 state;   // glow, difference from the twin, born or dying, mark
layout(location = 2) in vec4 kind;    // inhibitory, alive, size, group of neurons
uniform mat4 matrix;
uniform vec3 excites, inhibits, differs, born;
uniform float scale, least, breath, glowing, swell, middle, depth, solid, rest;
flat out vec3 tint;
flat out vec4 light;   // opacity of the body, light of the halo, how much each covers
flat out vec4 form;    // inhibitory, edge of the body, its sharpness, mark
void main() {
  gl_Position = matrix * vec4(place, 1.0);
  float glow = state.x * state.x * glowing;
  float near = scale * kind.z / gl_Position.w;
  float body = max(least, near * (0.9 + 0.5 * kind.w));
  float halo = 1.0 + swell * glow + 1.6 * state.w + 1.4 * state.y + 1.5 * state.z;
  gl_PointSize = min(body * halo, 96.0);
  if (kind.y < 0.25 && state.z <= 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  float fog = breath * clamp(1.0 - 0.5 * (gl_Position.w - middle) / depth, mix(0.42, 0.8, solid), 1.12);
  float other = step(0.5, kind.x);
  vec3 hue = mix(mix(mix(excites, inhibits, other), differs, state.y), born, state.z);
  tint = mix(hue, vec3(1.0), 0.3 * glow * glow * (1.0 - solid));
  float alpha = mix(rest, 1.0, max(glow, state.z)) * fog;
  float aura = (0.42 * glow + 0.45 * state.y + 0.4 * state.z) * fog;
  // Bodies cover what is behind, halos add to it: so a crowd does not burn out.
  light = vec4(alpha, aura, alpha * mix(0.85, 1.0, solid), aura * solid);
  form = vec4(other, 1.0 / halo, halo / mix(0.3, 0.16, solid), state.w);
}`;

const FRAGMENT = `
flat in vec3 tint;
flat in vec4 light;
flat in vec4 form;
uniform vec3 marks;
out vec4 colour;
void main() {
  vec2 p = abs(2.0 * gl_PointCoord - 1.0);
  float square = dot(p, p);
  if (square > 1.0) discard;
  float away = form.x > 0.5 ? 0.78 * (p.x + p.y) : sqrt(square);
  float core = clamp((form.y - away) * form.z, 0.0, 1.0);
  float fade = (1.0 - square) * (1.0 - square);
  colour = vec4(tint * (core * light.x + fade * light.y), core * light.z + fade * light.w);
  if (form.w > 0.0) {
    float ring = form.w * (1.0 - smoothstep(0.05, 0.11, abs(sqrt(square) - 0.86)));
    colour = mix(colour, vec4(marks, 1.0), ring);
  }
}`;

export class NeuronLayer {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.shader = makeProgram(gl, VERTEX, FRAGMENT);
    /** @type {Mesh|null} */
    this.mesh = null;
  }

  /** @param {import("./cloud.js").Cloud} cloud */
  build(cloud) {
    this.mesh?.free();
    this.count = cloud.count;
    const { UNSIGNED_BYTE } = this.gl;
    this.mesh = new Mesh(this.gl, [
      { size: 3, data: cloud.places, changes: true },
      { size: 4, type: UNSIGNED_BYTE, data: cloud.state, changes: true },
      { size: 4, type: UNSIGNED_BYTE, data: cloud.kind, changes: true },
    ]);
  }

  /**
   * @param {import("./cloud.js").Cloud} cloud
   * @param {import("./renderer.js").Look} look
   */
  draw(cloud, look) {
    if (!this.mesh) return;
    const { gl, mesh } = this;
    const { program, at } = this.shader;
    gl.useProgram(program);
    mesh.write(1, cloud.state);
    if (cloud.kindChanged) mesh.write(2, cloud.kind);
    if (cloud.placesChanged) mesh.write(0, cloud.places);
    cloud.kindChanged = cloud.placesChanged = false;
    gl.uniformMatrix4fv(at.matrix, false, look.matrix);
    gl.uniform1f(at.scale, look.height * look.focal * cloud.size);
    gl.uniform1f(at.least, 2.2 * look.pixel);
    gl.uniform1f(at.middle, look.distance);
    gl.uniform1f(at.depth, look.depth);
    gl.uniform1f(at.breath, look.breath);
    gl.uniform1f(at.glowing, look.glowing);
    gl.uniform1f(at.swell, look.swell);
    gl.uniform1f(at.solid, look.solid);
    gl.uniform1f(at.rest, look.rest);
    for (const name of ["excites", "inhibits", "differs", "marks", "born"]) {
      gl.uniform3fv(at[name], look.colours[name]);
    }
    mesh.draw(gl.POINTS, this.count);
  }
}
