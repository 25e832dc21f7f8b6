// The moment that the whole page shows: how many frames of each session there are by then.

const at = sessions.map((session) => session.last);
const selection = { session: sessions[0], message: null, because: null, frame: null, from: null };

// One step of the slider is one frame more. Two sessions are merged by the clock that they share.
class Moment {
  constructor() {
    this.axis = sessions.map((session) => data.sameWire && Number.isFinite(session.began) && Number.isFinite(sessions[0].began) ? session.began - sessions[0].began : 0);
    if (sessions.length > 1) this.mergeSteps();
    this.slider = make("input", { type: "range", min: 0, max: this.steps, value: this.steps, id: "moment", "aria-label": "Moment", oninput: () => this.go(Number(this.slider.value)) });
    this.field = make("input", { type: "text", class: "at", "aria-label": "Go to a moment: #26, +19.5s or an ISO time", size: 12, onchange: () => this.typed() });
    this.words = make("output", { class: "moment-words", for: "moment" });
    this.bar = make("div", { class: "moment", role: "group", "aria-label": "Moment" },
      button("|◀", () => this.go(0), { "aria-label": "Before the first frame", title: "Before the first frame" }),
      button("◀", () => this.go(this.step - 1), { "aria-label": "One frame earlier", title: "One frame earlier" }),
      this.slider,
      button("▶", () => this.go(this.step + 1), { "aria-label": "One frame later", title: "One frame later" }),
      button("▶|", () => this.go(this.steps), { "aria-label": "The end", title: "The end" }),
      this.field, this.words);
  }

  mergeSteps() {
    const total = sessions[0].last + sessions[1].last;
    this.merged = [new Uint32Array(total + 1), new Uint32Array(total + 1)];
    const next = [0, 0];
    for (let step = 1; step <= total; step++) {
      const times = sessions.map((session, n) => (next[n] < session.last ? session.time[next[n]] + this.axis[n] : Infinity));
      next[times[1] < times[0] ? 1 : 0]++;
      this.merged[0][step] = next[0];
      this.merged[1][step] = next[1];
    }
  }

  get steps() {
    return this.merged ? this.merged[0].length - 1 : sessions[0].last;
  }

  get step() {
    return Number(this.slider.value);
  }

  go(step, { keep = false } = {}) {
    const bounded = Math.max(0, Math.min(this.steps, Math.round(step)));
    this.slider.value = bounded;
    if (this.merged) this.merged.forEach((frames, n) => (at[n] = frames[bounded]));
    else at[0] = bounded;
    this.show();
    showMoment({ keep });
  }

  // The step at which a session has come to a frame.
  stepOf(session, frame) {
    if (!this.merged) return frame;
    const frames = this.merged[session.number];
    let low = 0, high = frames.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (frames[middle] < frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // us on the axis of the first session.
  goTime(us) {
    if (!this.merged) return this.go(sessions[0].frameAt(us));
    return this.go(sessions.reduce((sum, session, n) => sum + session.frameAt(us - this.axis[n]), 0));
  }

  get time() {
    return Math.max(...sessions.map((session, n) => (at[n] ? session.timeOf(at[n]) + this.axis[n] : 0)));
  }

  show() {
    const session = sessions[0], frame = at[0];
    const frames = sessions.map((each, n) => "frame " + at[n].toLocaleString("en") + " of " + each.last.toLocaleString("en")).join(" and ");
    const time = session.timed && frame ? ", " + signed(session.timeOf(frame)) + (Number.isFinite(session.wall[frame - 1]) ? ", " + clockTime(session.wall[frame - 1]) + " UTC" : "") : "";
    this.slider.setAttribute("aria-valuetext", visible(frames + time));
    this.field.value = "#" + frame;
    refill(this.words, (this.step === this.steps ? "The end: " : "As of ") + frames + time);
  }

  typed() {
    const step = this.read(this.field.value.trim());
    this.field.setAttribute("aria-invalid", String(step === null));
    if (step !== null) this.go(step);
  }

  // "#26", "+19.5s" or an ISO time → a step; null: it is none.
  read(text) {
    const session = sessions[0];
    const frame = /^#?(\d{1,9})$/.exec(text);
    if (frame) return this.stepOf(session, Math.min(Number(frame[1]), session.last));
    const offset = /^\+?(\d{1,12}(?:\.\d{1,9})?) ?(us|ms|s|m|h)$/.exec(text);
    const unit = { us: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 };
    if (offset) return this.stepOf(session, session.frameAt(Number((Number(offset[1]) * unit[offset[2]]).toFixed(3))));
    const iso = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : text + "Z") : NaN;
    if (Number.isNaN(iso) || !Number.isFinite(session.began)) return null;
    return this.stepOf(session, session.frameAt(iso * 1000 - session.began));
  }
}
