// What tests ask of the page; loaded before it.
window.probe = {
  // Pixels of the window where a point of the picture is seen.
  seen(point) {
    const { camera, width, height, canvas } = engram.scene;
    const out = camera.project(point, 0, width, height, new Float32Array(3));
    const box = canvas.getBoundingClientRect();
    return [out[0] + box.left, out[1] + box.top];
  },

  neuron([name, slot]) {
    const picture = engram.scene.pictures.get(0);
    return probe.seen(picture.placeOf(engram.session.brain.region(name), slot));
  },

  // The neuron of a region that has most room around it.
  lone(name) {
    const { count } = engram.session.brain.region(name);
    const at = Array.from({ length: count }, (_, slot) => probe.neuron([name, slot]));
    const gap = ([x, y], k) =>
      Math.min(...at.filter((_, j) => j !== k).map((b) => Math.hypot(b[0] - x, b[1] - y)));
    const gaps = at.map(gap);
    return gaps.indexOf(Math.max(...gaps));
  },

  // Where a region is seen: its middle, and its radius in pixels.
  region(name) {
    const { centre, radius } = engram.session.brain.region(name);
    const { camera, height } = engram.scene;
    const depth = camera.project(centre, 0, 1, 1, new Float32Array(3))[2];
    return [probe.seen(centre), (radius * height * camera.focal) / depth];
  },

  pathway(label) {
    const row = engram.session.brain.pathways.findIndex((p) => p.label === label);
    const c = engram.scene.pictures.get(0).tracts.curves[row];
    return probe.seen([0, 1, 2].map((k) => (c[0][k] + 3 * c[1][k] + 3 * c[2][k] + c[3][k]) / 8));
  },

  // The part of the living neurons that have light where they are.
  lit() {
    const { canvas, renderer, camera, pictures } = engram.scene;
    const { cloud } = pictures.get(0);
    const out = new Float32Array(3);
    const pixel = new Uint8Array(4);
    let [bright, all] = [0, 0];
    engram.scene.drawAll();
    for (let i = 0; i < cloud.count; i++) {
      if (!cloud.kind[4 * i + 1]) continue;
      camera.project(cloud.places, 3 * i, canvas.width, canvas.height, out);
      const [x, y] = [Math.round(out[0]), canvas.height - Math.round(out[1])];
      const { gl } = renderer;
      gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      all++;
      if (pixel[0] + pixel[1] + pixel[2] > 20) bright++;
    }
    return bright / all;
  },

  // Rows and steps of the spikes of the raster, the oldest first.
  raster() {
    const { row, step, next, size } = engram.session.brain.spikes;
    const order = Array.from({ length: size }, (_, k) => (next - size + k + row.length) % row.length);
    return [order.map((i) => row[i]), order.map((i) => step[i])];
  },

  // The red of each pixel of a canvas, row by row.
  reds(selector) {
    const canvas = document.querySelector(selector);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [...data].filter((_, i) => i % 4 === 0);
  },

  // The least ratios of contrast, by kind.
  contrast() {
    const style = getComputedStyle(engram.root);
    const value = (name) => style.getPropertyValue(name).trim();
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const light = (hex) =>
      [1, 3, 5]
        .map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255))
        .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
    const ratio = (a, b) => {
      const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
      return (high + 0.05) / (low + 0.05);
    };
    const grounds = ["--eg-night", "--eg-sky", "--eg-field"].map(value);
    const least = (colours, on) => Math.min(...colours.flatMap((c) => on.map((g) => ratio(c, g))));
    const text = ["--eg-ink", "--eg-soft", "--eg-accent", "--eg-good", "--eg-bad"].map(value);
    return {
      text: least(text, grounds),
      button: ratio(value("--eg-accent"), value("--eg-on-accent")),
      edge: least([value("--eg-field-line")], grounds),
      drawn: least(Object.values(engram.scene.theme.hex), grounds.slice(0, 2)),
    };
  },

  // Parts of the page that stick out of a given width.
  wide(width) {
    const outside = (e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && (box.right > width + 1 || box.left < -1);
    };
    return [...document.querySelectorAll(".engram-page *")]
      .filter((e) => e.offsetParent !== null && !e.closest(".eg-labels, .eg-hidden"))
      .filter(outside)
      .map((e) => e.outerHTML.slice(0, 120));
  },

  // What can be operated but has no name, or can't be reached by the tab key.
  unnamed() {
    const named = (e) => e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim();
    return [...document.querySelectorAll("button, input, select, canvas, summary")]
      .filter((e) => e.offsetParent !== null && !named(e))
      .map((e) => e.outerHTML);
  },

  unreachable() {
    return [...document.querySelectorAll("button, input, select, summary, .eg-canvas, .eg-paint")]
      .filter((e) => e.tabIndex < 0 && !e.disabled)
      .map((e) => e.outerHTML);
  },

  // The outline of a button that has the focus.
  outline(selector) {
    const element = document.querySelector(selector);
    element.focus({ focusVisible: true });
    return getComputedStyle(element).outlineStyle;
  },

  // Plays the film by a clock of its own, 60 pictures a second, and counts flashes: pairs of
  // opposite changes of luminance by a tenth or more, of blocks of the picture, in any second.
  flashes(seconds) {
    const { scene, session } = engram;
    engram.stop();
    scene.quality.note = () => false;
    session.source.seek(0);
    const { canvas, renderer } = scene;
    const ground = getComputedStyle(engram.root).getPropertyValue("--eg-sky").trim();
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const back = [1, 3, 5].map((at) => parseInt(ground.slice(at, at + 2), 16) / 255);
    const side = Math.floor(canvas.width / 8);
    const [columns, rows] = [8, Math.floor(canvas.height / side)];
    const pixels = new Uint8Array(canvas.width * canvas.height * 4);
    const blocks = Array.from({ length: columns * rows }, () => []);
    const draw = scene.drawAll.bind(scene);
    const read = () => {
      const { gl } = renderer;
      gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
      blocks.forEach((block, k) => {
        const [left, low] = [(k % columns) * side, Math.floor(k / columns) * side];
        let [sum, count] = [0, 0];
        for (let y = low; y < low + side; y += 3) {
          for (let x = left; x < left + side; x += 3) {
            const at = 4 * (y * canvas.width + x);
            const clear = 1 - pixels[at + 3] / 255;
            const light = [0, 1, 2].map((c) => linear(Math.min(1, pixels[at + c] / 255 + clear * back[c])));
            sum += 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
            count++;
          }
        }
        block.push(sum / count);
      });
    };
    scene.drawAll = () => (draw(), read());
    const start = scene.before + 1000;
    const frames = Math.round(60 * seconds);
    for (let k = 0; k < frames; k++) {
      session.source.deliver((1000 * k) / 60);
      scene.dirty = true;
      scene.turn(start + (1000 * k) / 60);
    }
    const all = blocks.flat();
    return {
      frames: blocks[0].length,
      darkest: Math.min(...all),
      lightest: Math.max(...all),
      most: Math.max(...blocks.map((block) => probe.pairs(block, 60))),
    };
  },

  // The most pairs of opposite changes by 0.1 or more within a second.
  pairs(series, rate) {
    const turns = [];
    let [low, high, rising] = [series[0], series[0], null];
    series.forEach((value, at) => {
      low = Math.min(low, value);
      high = Math.max(high, value);
      if (rising !== true && value - low >= 0.1) {
        turns.push(at);
        [rising, high] = [true, value];
      } else if (rising !== false && high - value >= 0.1) {
        turns.push(at);
        [rising, low] = [false, value];
      }
    });
    const within = turns.map((t, i) => turns.slice(i).filter((other) => other < t + rate).length);
    return Math.max(0, ...within) / 2;
  },

  text(selector) {
    return document.querySelector(selector)?.textContent ?? "";
  },
};
