// A list of which only the rows in view are in the document; heights are measured as rows are drawn.

const TALLEST = 16000000; // pixels; browsers place nothing reliably beyond twice that
const SPARE = 400; // pixels drawn above and below the view

class VirtualList {
  // render(row) gives the element of a row, stamp(row) what it depends on: an element with the same stamp stays.
  // height is what a row probably takes, key(row) a number that is the row's wherever it stands.
  constructor(view, { render, stamp, height, key, label }) {
    this.view = view;
    this.render = render;
    this.stamp = stamp;
    this.height = height;
    this.key = key || ((place) => place);
    this.inner = make("div", { class: "inner", role: label ? "none" : null });
    this.view.append(this.inner);
    this.measured = new Float32Array(0); // by key; 0: not drawn yet
    this.uniform = !key;
    this.drawn = new Map();
    this.count = 0;
    this.tops = new Float64Array(1);
    this.view.addEventListener("scroll", () => this.draw(), { passive: true });
    let width = 0;
    new ResizeObserver(() => {
      if (this.view.clientWidth === width) return this.draw();
      this.measured.fill(0);
      width = this.view.clientWidth;
      this.place();
      this.draw(true);
    }).observe(this.view);
  }

  // Another list, or the same with other contents. The row in view stays where it is, or the end stays in view.
  update(count, { end = false } = {}) {
    this.count = count;
    this.place();
    if (end) this.view.scrollTop = this.inner.offsetHeight;
    this.draw(true);
    if (end) this.view.scrollTop = this.inner.offsetHeight;
  }

  // keys: how many there can be.
  measure(keys) {
    this.measured = new Float32Array(keys);
  }

  place() {
    if (this.tops.length !== this.count + 1) this.tops = new Float64Array(this.count + 1);
    const { tops, measured, height } = this;
    if (this.uniform) for (let row = 0; row < this.count; row++) tops[row + 1] = (row + 1) * height;
    else for (let row = 0; row < this.count; row++) tops[row + 1] = tops[row] + (measured[this.key(row)] || height);
    this.total = tops[this.count];
    this.scale = Math.max(1, this.total / TALLEST);
    this.inner.style.height = Math.ceil(this.total / this.scale) + "px";
  }

  rowAt(top) {
    let low = 0, high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= top) low = middle + 1;
      else high = middle;
    }
    return Math.min(low, Math.max(0, this.count - 1));
  }

  draw(anew = false) {
    const scrolled = this.view.scrollTop, top = scrolled * this.scale, bottom = top + this.view.clientHeight;
    const first = this.rowAt(Math.max(0, top - SPARE)), last = this.rowAt(bottom + SPARE);
    const focused = anew && this.inner.contains(document.activeElement) ? document.activeElement.closest("[data-row]") : null;
    const focusedRow = focused ? Number(focused.dataset.row) : -1;
    for (const [row, node] of this.drawn) {
      if (row < first || row > last || row >= this.count || (anew && node.stamp !== this.stamp(row))) {
        node.remove();
        this.drawn.delete(row);
      }
    }
    let grown = false;
    const fresh = [];
    for (let row = first; row <= last && row < this.count; row++) {
      if (this.drawn.has(row)) continue;
      const node = this.render(row);
      node.dataset.row = row;
      node.stamp = this.stamp(row);
      this.drawn.set(row, node);
      fresh.push([row, node]);
    }
    this.insert(fresh);
    for (const [row, node] of this.uniform ? [] : this.drawn) {
      const tall = node.offsetHeight, key = this.key(row);
      if (tall && tall !== (this.measured[key] || this.height)) grown = true;
      if (tall) this.measured[key] = tall;
    }
    if (grown) this.place();
    for (const [row, node] of this.drawn) {
      const place = Math.round(scrolled + this.tops[row] - top) + "px";
      if (node.style.top !== place) node.style.top = place;
    }
    const refocused = focusedRow >= 0 && this.drawn.get(focusedRow);
    if (refocused && !refocused.contains(document.activeElement)) focusIn(refocused);
  }

  // In the order of the list, which is the order in which it is read out.
  insert(fresh) {
    for (const [row, node] of fresh) {
      let next = null;
      for (const child of this.inner.children) {
        if (Number(child.dataset.row) > row) {
          next = child;
          break;
        }
      }
      this.inner.insertBefore(node, next);
    }
  }

  reveal(row, { focus = false } = {}) {
    if (row < 0 || row >= this.count) return;
    const top = this.tops[row] / this.scale, bottom = this.tops[row + 1] / this.scale;
    if (top < this.view.scrollTop || bottom > this.view.scrollTop + this.view.clientHeight) {
      this.view.scrollTop = Math.max(0, (top + bottom) / 2 - this.view.clientHeight / 2);
    }
    this.draw();
    if (focus && this.drawn.has(row)) focusIn(this.drawn.get(row));
  }
}

function focusIn(node) {
  (node.matches("[tabindex]") ? node : node.querySelector("button, [tabindex]"))?.focus({ preventScroll: true });
}
