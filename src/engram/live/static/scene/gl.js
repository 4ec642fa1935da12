/** Helpers of WebGL2: programs and buffers. */

/**
 * @param {WebGL2RenderingContext} gl
 * @param {string} vertex @param {string} fragment sources
 * @returns {{program: WebGLProgram, at: Record<string, WebGLUniformLocation|null>}}
 */
export function makeProgram(gl, vertex, fragment) {
  const program = /** @type {WebGLProgram} */ (gl.createProgram());
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ]) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(/** @type {number} */ (kind)));
    gl.shaderSource(shader, `#version 300 es\nprecision highp float;\n${source}`);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`WebGL: ${gl.getProgramInfoLog(program)}`);
  }
  /** @type {Record<string, WebGLUniformLocation|null>} */
  const at = {};
  const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS) ?? 0;
  for (let i = 0; i < count; i++) {
    const name = /** @type {WebGLActiveInfo} */ (gl.getActiveUniform(program, i)).name;
    at[name] = gl.getUniformLocation(program, name);
  }
  return { program, at };
}

/**
 * Vertex arrays with one buffer each.
 * @typedef {object} Attribute
 * @property {number} size components
 * @property {number} [type] of GL; floats by default
 * @property {ArrayBufferView} data
 * @property {boolean} [changes] whether it is written often
 */
export class Mesh {
  /** @param {WebGL2RenderingContext} gl @param {Attribute[]} attributes in order of location */
  constructor(gl, attributes) {
    this.gl = gl;
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    this.buffers = attributes.map((attribute, location) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, attribute.data, attribute.changes ? gl.DYNAMIC_DRAW : gl.STATIC_DRAW);
      gl.enableVertexAttribArray(location);
      const type = attribute.type ?? gl.FLOAT;
      gl.vertexAttribPointer(location, attribute.size, type, type !== gl.FLOAT, 0, 0);
      return buffer;
    });
    gl.bindVertexArray(null);
  }

  /** Write one attribute anew. @param {number} location @param {ArrayBufferView} data */
  write(location, data) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[location]);
    this.gl.bufferSubData(this.gl.ARRAY_BUFFER, 0, data);
  }

  /** @param {number} mode @param {number} count vertices @param {number} [first] */
  draw(mode, count, first = 0) {
    if (!count) return;
    this.gl.bindVertexArray(this.array);
    this.gl.drawArrays(mode, first, count);
  }

  free() {
    for (const buffer of this.buffers) this.gl.deleteBuffer(buffer);
    this.gl.deleteVertexArray(this.array);
  }
}

/** A WebGL2 context, or null. @param {HTMLCanvasElement} canvas */
export function contextOf(canvas) {
  return canvas.getContext("webgl2", {
    alpha: true,
    premultipliedAlpha: true,
    antialias: false,
    depth: false,
    stencil: false,
    powerPreference: "high-performance",
  });
}

/** Whether pixels are computed by the processor, so that fewer are better. */
export function isSoftware(/** @type {WebGL2RenderingContext} */ gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}
