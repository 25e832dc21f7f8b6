// The findings of every moment: made from what was observed from which frame on, as "check --at" makes them.

const OUTCOMES = ["violated", "not-observable"];
const LISTED_EACH = 5, LISTED_NUMBERS = 8, FRAMES_LISTED = 20;

class FindingHistory {
  constructor(session, told) {
    this.session = session;
    this.told = told;
    const rows = told.text.length;
    this.since = new Int32Array(rows);
    this.until = new Int32Array(rows);
    this.message = new Int32Array(rows); // its place; -1: it is about none or several
    this.firsts = new Int32Array(rows); // its first frame, from which other numbers count
    this.frameStarts = new Int32Array(rows + 1);
    this.numberStarts = new Int32Array(rows + 1);
    this.frames = new Int32Array(told.frames.length);
    this.rules = [];
    let first = 0, message = 0;
    const numbersIn = told.texts.map((parts) => parts.filter((part) => part === 0).length);
    for (let row = 0; row < rows; row++) {
      const begin = this.frameStarts[row], end = begin + told.count[row];
      for (let k = begin, last = first; k < end; k++) last = this.frames[k] = last + told.frames[k];
      if (end > begin) first = this.frames[begin];
      this.frameStarts[row + 1] = end;
      this.numberStarts[row + 1] = this.numberStarts[row] + numbersIn[told.text[row]];
      this.firsts[row] = first;
      this.since[row] = first + told.since[row];
      this.until[row] = told.lasts[row] ? this.since[row] + told.lasts[row] : 0x7fffffff;
      message += told.message[row];
      this.message[row] = message - 1;
    }
    let row = 0;
    for (const [id, severity, count] of told.rules) this.rules.push({ id, severity, from: row, to: (row += count) });
    this.countsByFrame(told.counts);
    this.latest();
  }

  // How often each rule was satisfied, at every 1 000th step; between them the steps are added up.
  countsByFrame({ steps, frames, which }) {
    this.stepFrames = new Int32Array(frames.length);
    this.kept = [];
    const sums = new Array(this.rules.length).fill(0);
    for (let k = 0, last = 0; k < frames.length; k++) {
      if (k % 1000 === 0) this.kept.push(sums.slice());
      last = this.stepFrames[k] = last + frames[k];
      addStep(sums, steps[which[k]]);
    }
  }

  satisfied(frame) {
    const { steps, which } = this.told.counts, done = placeAfter(this.stepFrames, frame);
    const kept = Math.min(Math.floor(done / 1000), this.kept.length - 1);
    if (kept < 0) return new Array(this.rules.length).fill(0);
    const sums = this.kept[kept].slice();
    for (let k = kept * 1000; k < done; k++) addStep(sums, steps[which[k]]);
    return sums;
  }

  // The latest times by each frame, which is when a recording that goes on was looked at.
  latest() {
    const { session, told } = this, count = told.last + 1;
    this.offsets = new Float64Array(count).fill(NaN);
    this.calendar = new Float64Array(count).fill(NaN);
    for (const [column, times] of [[this.offsets, session.frame_offset], [this.calendar, session.wall]]) {
      for (let frame = 1; frame < count; frame++) {
        const before = column[frame - 1], time = times[frame - 1];
        column[frame] = Number.isNaN(before) ? time : Number.isNaN(time) ? before : Math.max(before, time);
      }
    }
    for (const [frame, offset, calendar] of told.ends) {
      this.offsets[frame] = offset ?? NaN;
      this.calendar[frame] = calendar ?? NaN;
    }
  }

  holds(row, frame) {
    return this.since[row] <= frame && frame < this.until[row];
  }

  // The findings as of a frame, in the order of check. What they say is made when it is asked for: violated
  // ones by row, what cannot be observed as a rule with its rows.
  at(moment) {
    const frame = Math.min(moment, this.told.last), found = { violated: [], dark: [], satisfied: [] };
    const satisfied = this.satisfied(frame);
    this.rules.forEach((rule, number) => {
      const dark = [], before = found.violated.length;
      for (let row = rule.from; row < rule.to; row++) {
        if (this.since[row] > frame || frame >= this.until[row]) continue;
        if (this.told.outcome[row]) dark.push(row);
        else found.violated.push(row);
      }
      if (dark.length > LISTED_EACH) found.dark.push([rule, dark]);
      else for (const row of dark) found.dark.push([rule, [row]]);
      if (satisfied[number] > 0 && found.violated.length === before) found.satisfied.push({ rule: rule.id, severity: rule.severity, outcome: "satisfied", count: satisfied[number] });
    });
    return found;
  }

  finding(rule, row, frame) {
    return { rule: rule.id, severity: rule.severity, outcome: OUTCOMES[this.told.outcome[row]], message: this.message[row], frames: this.framesOf(row), sentence: this.sentence(row, frame) };
  }

  // A row as a finding of a moment.
  row(row, moment) {
    return this.finding(this.rules.find((rule) => row < rule.to), row, Math.min(moment, this.told.last));
  }

  // The violations that are about a message.
  ofMessage(m, moment) {
    const rows = [], frame = Math.min(moment, this.told.last);
    for (let row = 0; row < this.message.length; row++) {
      if (this.message[row] === m && !this.told.outcome[row] && this.holds(row, frame)) rows.push(row);
    }
    return rows.map((row) => this.row(row, frame));
  }

  // What cannot be observed as a finding of a moment; many are one.
  dark([rule, rows], moment) {
    const frame = Math.min(moment, this.told.last);
    return rows.length > LISTED_EACH ? this.summedUp(rule, rows, frame) : this.finding(rule, rows[0], frame);
  }

  summedUp(rule, rows, frame) {
    const about = rows.map((row) => this.about(row)), sequences = about.map(([, sequence]) => sequence);
    const one = about.every(([dialog]) => dialog === about[0][0]) && sequences.every((each) => each !== null);
    const numbers = [...new Set(sequences)].sort((a, b) => a - b);
    const more = numbers.length - LISTED_NUMBERS;
    const where = one ? " (message" + (numbers.length === 1 ? "" : "s") + " " + numbers.slice(0, LISTED_NUMBERS).join(", ") + (more > 0 ? " and " + more + " more" : "") + ")" : "";
    const frames = [...new Set(rows.flatMap((row) => this.framesOf(row)))].sort((a, b) => a - b).slice(0, FRAMES_LISTED);
    return { rule: rule.id, severity: rule.severity, outcome: OUTCOMES[1], message: -1, frames, sentence: rows.length + " times this recording cannot tell" + where + "; the first time: " + this.sentence(rows[0], frame) };
  }

  // Dialog and sequence that a row is about.
  about(row) {
    const m = this.message[row];
    if (m >= 0) return [this.session.message_dialog[m], this.session.sequence(m)];
    return this.told.about[row] || [null, null];
  }

  framesOf(row) {
    return [...this.frames.subarray(this.frameStarts[row], this.frameStarts[row + 1])];
  }

  sentence(row, frame) {
    let number = this.numberStarts[row];
    return this.told.texts[this.told.text[row]].map((part) =>
      part === 0 ? String(this.told.numbers[number++] + this.firsts[row])
        : part === 1 ? seconds(this.passed(row, frame))
          : part === 2 ? this.endWords(frame)
            : part).join("");
  }

  endWords(frame) {
    if (frame === this.told.last && this.told.endWords !== null) return this.told.endWords;
    return "frame #" + frame + ", its last so far; the recording goes on";
  }

  // µs since that of which an open sentence tells.
  passed(row, frame) {
    const since = this.told.open[row], there = since.length === 1 ? since[0] + this.firsts[row] - 1 : null;
    const offset = there === null ? since[0] ?? NaN : this.session.frame_offset[there];
    const calendar = there === null ? since[1] ?? NaN : this.session.wall[there];
    const passed = this.offsets[frame] - offset;
    return Math.max(0, Number.isNaN(passed) ? this.calendar[frame] - calendar : passed);
  }
}

function addStep(sums, step) {
  for (let k = 0; k < step.length; k += 2) sums[step[k]] += step[k + 1];
}

// How many of these rising numbers are not higher.
function placeAfter(rising, number) {
  let low = 0, high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}

// A time for people, as check writes it: of two that are equally near, the even one.
function seconds(us) {
  if (us < 120e6) return nearest(us) + " s";
  const whole = nearestWhole(us / 1e6);
  return Math.floor(whole / 60) + " m " + (whole % 60) + " s";
}

function nearest(us) {
  const told = us / 1e6;
  if (us % 125000 === 62500) return nearestWhole(us / 1000) / 1000; // the number lies in the middle, exactly
  return Number(told.toFixed(3));
}

function nearestWhole(number) {
  const low = Math.floor(number), rest = number - low;
  return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
}
