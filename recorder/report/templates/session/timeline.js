// Lanes over time, on a canvas: frames as points, receipts as arcs from message to receipt, what is missing as bands.
// Beside it stands the table of frames, which says the same in words.

const LANE = 34, TOP = 22, SILENCE_US = 30e6;
const ARC_LIMIT = 2500; // more arcs than this in view say nothing: the latest are drawn

const LABEL_FONT = "12px system-ui, sans-serif";
let LEFT = 132; // where lanes begin: behind the longest label

class Timeline {
  constructor() {
    this.canvas = make("canvas", { class: "timeline", tabindex: "0", role: "img", "aria-label": "Frames over time; the table of frames has the same in words" });
    this.base = document.createElement("canvas"); // all that does not move with the moment
    this.lanes = sessions.flatMap((session, n) => this.lanesOf(session, n));
    this.from = 0;
    this.until = this.whole = Math.max(1, ...sessions.map((session, n) => session.span + (moment.axis[n] || 0)));
    this.from = Math.min(0, ...moment.axis);
    this.begin = this.from;
    this.delta = make("p", { class: "delta", role: "status" });
    this.box = make("div", { class: "timeline-box" },
      make("div", { class: "tools" }, button("+", () => this.zoom(0.5), { "aria-label": "Zoom in" }), button("−", () => this.zoom(2), { "aria-label": "Zoom out" }), button("Fit", () => this.fit()), this.delta),
      this.canvas);
    this.canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.canvas.addEventListener("pointerdown", (event) => this.onPointer(event));
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    new ResizeObserver(() => this.render()).observe(this.canvas);
  }

  drawPeople() {
    this.isLater = true;
    this.render();
  }

  // As wide as the longest label, but not more than a third of the whole.
  labelWidth() {
    const pen = this.base.getContext("2d");
    pen.font = LABEL_FONT;
    const longest = Math.max(...this.lanes.map((lane) => pen.measureText(visible(lane.label)).width));
    return Math.round(Math.max(60, Math.min(longest + 18, this.width / 3)));
  }

  lanesOf(session, n) {
    const named = sessions.length > 1 ? " · " + (n + 1) : "";
    const lanes = [{ session, kind: "client", label: "client" + named }, { session, kind: "service", label: "service" + named }];
    session.people.slice(0, 12).forEach((person, place) => lanes.push({ session, kind: "person", person: place, label: person.label + named }));
    return lanes;
  }

  laneY(lane) {
    return TOP + this.lanes.indexOf(lane) * LANE + LANE / 2;
  }

  laneOfPerson(session, person) {
    return this.lanes.find((lane) => lane.session === session && lane.person === person);
  }

  x(us) {
    return LEFT + ((us - this.from) / (this.until - this.from)) * (this.width - LEFT - 12);
  }

  us(x) {
    return this.from + ((x - LEFT) / (this.width - LEFT - 12)) * (this.until - this.from);
  }

  fit() {
    this.from = this.begin;
    this.until = this.whole;
    this.render();
  }

  zoom(factor, around) {
    const middle = around === undefined ? Math.min(Math.max(moment.time, this.from), this.until) : around;
    const least = 1000, most = this.whole - this.begin;
    const span = Math.min(most, Math.max(least, (this.until - this.from) * factor));
    const share = (middle - this.from) / (this.until - this.from);
    this.from = Math.max(this.begin, Math.min(this.whole - span, middle - share * span));
    this.until = this.from + span;
    this.render();
  }

  pan(us) {
    const span = this.until - this.from;
    this.from = Math.max(this.begin, Math.min(this.whole - span, this.from + us));
    this.until = this.from + span;
    this.render();
  }

  onWheel(event) {
    if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return; // the page scrolls
    event.preventDefault();
    if (event.ctrlKey) this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.us(event.offsetX));
    else this.pan(((event.deltaX || event.deltaY) / this.width) * (this.until - this.from));
  }

  onPointer(event) {
    const began = event.clientX, from = this.from, until = this.until;
    let moved = false;
    this.canvas.setPointerCapture(event.pointerId);
    const drag = (next) => {
      if (Math.abs(next.clientX - began) > 4) moved = true;
      if (!moved) return;
      const us = ((began - next.clientX) / (this.width - LEFT - 12)) * (until - from);
      this.from = from;
      this.until = until;
      this.pan(us);
    };
    const ended = (last) => {
      this.canvas.removeEventListener("pointermove", drag);
      if (!moved) this.onClick(last);
    };
    this.canvas.addEventListener("pointermove", drag);
    this.canvas.addEventListener("pointerup", ended, { once: true });
  }

  onClick(event) {
    const lane = this.lanes[Math.floor((event.offsetY - TOP) / LANE)], us = this.us(event.offsetX);
    const frame = lane ? this.nearest(lane, us, event.offsetX) : null;
    if (frame === null) moment.goTime(us);
    else if (event.shiftKey && selection.frame !== null) measureFrom(selection.session, selection.frame, lane.session, frame);
    else selectFrame(lane.session, frame);
  }

  // The frame of a lane that is drawn within 9 pixels of a place.
  nearest(lane, us, x) {
    const { session } = lane, shift = moment.axis[session.number];
    const here = session.frameAt(us - shift);
    let best = null, least = 9;
    for (let frame = Math.max(1, here - 400); frame <= Math.min(session.last, here + 400); frame++) {
      if (!this.onLane(lane, frame) || (filter.pings === false && session.isPing(frame))) continue;
      const away = Math.abs(this.x(session.timeOf(frame) + shift) - x);
      if (away < least) [best, least] = [frame, away];
    }
    return best;
  }

  onLane(lane, frame) {
    const client = lane.session.frame_client[frame - 1] === 1;
    if (lane.kind !== "person") return client === (lane.kind === "client");
    return this.points(lane.session).get(frame)?.has(lane.person) || false;
  }

  // Frame → the people whose messages or receipts it proves best.
  points(session) {
    if (session.points) return session.points;
    if (!this.isLater) return new Map(); // the conversation comes first
    const points = (session.points = new Map());
    const add = (frame, person) => points.set(frame, (points.get(frame) || new Set()).add(person));
    session.arcs = [];
    for (let m = 0; m < session.messages; m++) {
      const state = stateAt(session, m, session.last);
      if (!state || !state.sent) continue;
      if (state.author !== null) add(state.sent.frame, state.author);
      for (const each of state.receipts) {
        add(each.frame, each.person);
        if (state.author !== null && !state.sent.snapshot) session.arcs.push([state.sent.frame, state.author, each.frame, each.person, each.word, each.proof, m]);
      }
    }
    return points;
  }

  onKey(event) {
    const span = this.until - this.from;
    const act = { ArrowLeft: () => this.pan(-span / 8), ArrowRight: () => this.pan(span / 8), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), 0: () => this.fit() }[event.key];
    if (!act || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  }

  // --- drawing ---

  colours() {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue("--" + name).trim();
  }

  render() {
    this.width = this.canvas.clientWidth;
    if (!this.width) return;
    LEFT = this.labelWidth();
    this.tall = TOP + this.lanes.length * LANE + 6;
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.base]) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(this.tall * ratio);
    }
    this.canvas.style.height = this.tall + "px";
    const pen = this.base.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.tall);
    const colour = this.colours();
    this.drawBands(pen, colour);
    this.drawLanes(pen, colour);
    this.drawArcs(pen, colour);
    for (const lane of this.lanes) this.drawPoints(pen, lane, colour);
    this.drawMoment();
  }

  drawLanes(pen, colour) {
    pen.font = LABEL_FONT;
    pen.textBaseline = "middle";
    for (const lane of this.lanes) {
      const y = this.laneY(lane);
      pen.strokeStyle = colour("line");
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(LEFT, y);
      pen.lineTo(this.width - 12, y);
      pen.stroke();
      pen.fillStyle = colour("ink");
      pen.fillText(visible(lane.label).slice(0, 40), 4, y, LEFT - 14);
    }
    pen.fillStyle = colour("faint");
    const step = niceStep((this.until - this.from) / Math.max(2, (this.width - LEFT) / 110));
    for (let us = Math.ceil(this.from / step) * step; us <= this.until; us += step) {
      const x = this.x(us);
      pen.fillText(sessions[0].timed ? signed(us) : "#" + Math.round(us / 1e6 + 1), Math.min(x, this.width - 60), 9);
      pen.strokeStyle = colour("grid");
      pen.beginPath();
      pen.moveTo(x, TOP - 6);
      pen.lineTo(x, this.tall);
      pen.stroke();
    }
  }

  // Connections that were not there, and long silences on those that were.
  drawBands(pen, colour) {
    sessions.forEach((session, n) => {
      const lanes = this.lanes.filter((lane) => lane.session === session);
      const top = this.laneY(lanes[0]) - LANE / 2, tall = lanes.length * LANE;
      for (const [from, until, kind] of bandsOf(session)) {
        const x = Math.max(LEFT, this.x(from + moment.axis[n])), end = Math.min(this.width - 12, this.x(until + moment.axis[n]));
        if (end <= x) continue;
        pen.fillStyle = colour(kind === "silence" ? "silence" : "gap");
        pen.fillRect(x, top, Math.max(1.5, end - x), tall);
        if (end - x > 60) {
          pen.fillStyle = colour("faint");
          pen.font = "11px system-ui, sans-serif";
          pen.fillText(kind, x + 5, top + tall - 5, end - x - 8);
        }
      }
    });
  }

  // At most one point a pixel of a lane, whatever the number of frames.
  drawPoints(pen, lane, colour) {
    const { session } = lane, shift = moment.axis[session.number], y = this.laneY(lane);
    const first = Math.max(1, session.frameAt(this.from - shift)), last = Math.min(session.last, session.frameAt(this.until - shift) + 1);
    const drawn = new Map();
    const people = lane.kind === "person" ? this.points(session) : null;
    for (let frame = first; frame <= last; frame++) {
      if (people ? !people.get(frame)?.has(lane.person) : (session.frame_client[frame - 1] === 1) !== (lane.kind === "client")) continue;
      if (!filter.pings && session.isPing(frame)) continue;
      const x = Math.round(this.x(session.time[frame - 1] + shift));
      if (x < LEFT) continue;
      const group = session.frame_group[frame - 1];
      if (!drawn.has(x) || group < drawn.get(x)) drawn.set(x, group);
    }
    for (const [x, group] of drawn) {
      const name = data.words.groups[group];
      pen.fillStyle = colour(name === "message" ? "message" : name === "receipt" ? "receipt" : "other");
      pen.beginPath();
      pen.arc(x, y, name === "message" ? 5 : 3.5, 0, 7);
      pen.fill();
    }
  }

  drawArcs(pen, colour) {
    for (const session of sessions) {
      this.points(session);
      if (!session.arcs) continue;
      const shift = moment.axis[session.number];
      const inView = session.arcs.filter(([sent, , given]) => this.x(session.timeOf(given) + shift) >= LEFT && this.x(session.timeOf(sent) + shift) <= this.width);
      for (const [sent, author, given, person, word, proof, m] of inView.slice(-ARC_LIMIT)) {
        const one = this.laneOfPerson(session, author), other = this.laneOfPerson(session, person);
        if (!one || !other) continue;
        const lit = selection.session === session && selection.message === m;
        pen.strokeStyle = colour(proof < ACKNOWLEDGED ? "other" : word === "READ" ? "read" : "accepted");
        pen.globalAlpha = lit ? 1 : inView.length > 400 ? 0.15 : 0.55;
        pen.lineWidth = lit ? 2.5 : 1.2;
        pen.setLineDash(proof < ACKNOWLEDGED ? [3, 3] : []);
        const x = Math.max(LEFT, this.x(session.timeOf(sent) + shift)), end = this.x(session.timeOf(given) + shift), y = this.laneY(one), to = this.laneY(other);
        pen.beginPath();
        pen.moveTo(x, y);
        pen.bezierCurveTo(x + (end - x) * 0.35, y === to ? y - 22 : y, end - (end - x) * 0.35, y === to ? y - 22 : to, end, to);
        pen.stroke();
      }
      pen.setLineDash([]);
      pen.globalAlpha = 1;
    }
  }

  // What moves: the moment, what is later, what is selected.
  drawMoment() {
    if (!this.width) return;
    const ratio = window.devicePixelRatio || 1, pen = this.canvas.getContext("2d"), colour = this.colours();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.base, 0, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const x = Math.min(this.width - 12, Math.max(LEFT, this.x(moment.time)));
    if (moment.step < moment.steps) {
      pen.fillStyle = colour("veil");
      pen.fillRect(x, TOP - 6, this.width - x, this.tall);
    }
    pen.fillStyle = colour("accent");
    pen.fillRect(x - 1, TOP - 8, 2, this.tall);
    for (const [session, frame] of litFrames()) this.ring(pen, session, frame, colour("accent"));
  }

  ring(pen, session, frame, colour) {
    const x = this.x(session.timeOf(frame) + moment.axis[session.number]);
    if (x < LEFT) return;
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    for (const lane of this.lanes) {
      if (lane.session !== session || !this.onLane(lane, frame)) continue;
      pen.beginPath();
      pen.arc(x, this.laneY(lane), 8, 0, 7);
      pen.stroke();
    }
  }
}

function niceStep(us) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, us)));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= us);
}

// [from, until, what] on the session's own axis.
function bandsOf(session) {
  if (session.bands) return session.bands;
  const bands = (session.bands = []);
  if (!session.timed) return bands;
  let before = 0;
  for (let k = 0; k < session.time.length; k++) {
    if (session.time[k] - before > SILENCE_US) bands.push([before, session.time[k], "silence"]);
    before = session.time[k];
  }
  const known = session.facts.connections.filter((each) => each.opened !== null && session.timed === "offset");
  const ordered = known.map((each) => [each.opened, each.closed === null ? session.span : each.closed]).sort((a, b) => a[0] - b[0]);
  let open = ordered.length ? ordered[0][1] : 0;
  for (const [opened, closed] of ordered.slice(1)) {
    if (opened > open) bands.push([open, opened, "reconnect"]);
    open = Math.max(open, closed);
  }
  return bands;
}
