/** Small makers of elements. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] attributes; names that begin with "on" are listeners
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  return furnish(document.createElement(tag), properties, children);
}

/** @param {string} tag @param {Record<string, any>} [properties] @param {...any} children @returns {any} */
export function svg(tag, properties = {}, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function furnish(/** @type {Element} */ element, /** @type {Record<string, any>} */ properties, /** @type {any[]} */ children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

let counter = 0;

/** An id that nothing else has. @param {string} stem */
export const fresh = (stem) => `eg-${stem}-${++counter}`;

/** Write text only if it has changed. @param {Element} element @param {string} words */
export function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
