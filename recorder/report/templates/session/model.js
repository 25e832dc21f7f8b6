// The data of the page: blocks that are inflated when they are needed, columns, and what follows from them.

const data = JSON.parse(document.getElementById("data").textContent);
const [CONTENT, SENT, STATUS, RECEIPT, RECEIPT_GONE, GONE] = data.words.kinds.keys();
const ACKNOWLEDGED = 2;
const PROOFS = ["refused", "claimed", "acknowledged", "announced"];
const TYPES = { B: Uint8Array, H: Uint16Array, I: Uint32Array, d: Float64Array };

// Where the bytes of a block come from: from an element, which is wanted once. A page that is served asks for them.
let compressed = async (name) => {
  const element = document.getElementById(name);
  element.remove();
  return unpacked(element.textContent);
};

let whenBuilt = () => {}; // called once the page stands

async function inflated(name) {
  const stream = new Blob([await compressed(name)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

function unpacked(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}

async function inflatedJson(name) {
  return JSON.parse(new TextDecoder().decode(await inflated(name)));
}

// Differences → the numbers themselves, in place.
function summed(column) {
  let last = 0;
  for (let row = 0; row < column.length; row++) if (!Number.isNaN(column[row])) last = column[row] += last;
}

class Session {
  constructor(facts, number) {
    this.facts = facts;
    this.number = number;
    this.last = facts.last;
    this.people = facts.people;
    this.blocks = new Map();
    this.prefix = (facts.version ? facts.version + "/" : "") + number + "-";
  }

  // Everything that is needed at once.
  async load() {
    const [columns, texts] = await Promise.all([this.block("columns", inflated), this.block("messages", inflatedJson)]);
    for (const [name, [type, offset, length, differs]] of Object.entries(this.facts.columns)) {
      this[name] = new TYPES[type](columns, offset, length);
      if (differs) summed(this[name]);
    }
    this.contents = texts.contents;
    this.listed = [...this.facts.dialogs, ...this.people]; // ids stand in the frames by their places in it
    this.messages = this.message_dialog.length;
    this.timesOfFrames();
    this.factsOfMessages();
  }

  block(name, read) {
    if (!this.blocks.has(name)) this.blocks.set(name, read(this.prefix + name));
    return this.blocks.get(name);
  }

  // time[k]: µs of frame k + 1 on the axis of the page; without any clock the frames stand evenly.
  timesOfFrames() {
    const count = this.frame_offset.length, time = new Float64Array(count);
    const wall = new Float64Array(count);
    let began = this.facts.startedAtUs;
    this.timed = count > 0 && !Number.isNaN(this.frame_offset[0]) ? "offset" : null;
    for (let k = 0; k < count; k++) {
      const offset = this.frame_offset[k];
      wall[k] = this.frame_at[k] + (Number.isNaN(offset) ? 0 : offset);
    }
    if (!this.timed && count > 0 && !Number.isNaN(wall[0])) this.timed = "at";
    if (began === null || this.timed === "at") began = wall[0];
    let latest = 0;
    for (let k = 0; k < count; k++) {
      const told = this.timed === "offset" ? this.frame_offset[k] : this.timed ? wall[k] - began : k * 1e6;
      latest = time[k] = Number.isNaN(told) ? latest : Math.max(latest, told); // a clock that was set back stands
    }
    this.time = time;
    this.wall = wall;
    this.began = began;
    this.span = Math.max(1, latest);
  }

  // Of each message the rows of its facts, and the frame from which on it is there.
  factsOfMessages() {
    const rows = this.fact_from.length, starts = new Uint32Array(this.messages + 1);
    for (let row = 0; row < rows; row++) starts[this.fact_message[row] + 1]++;
    for (let m = 0; m < this.messages; m++) starts[m + 1] += starts[m];
    const fill = starts.slice(), order = new Uint32Array(rows);
    this.firstFrame = new Uint32Array(this.messages).fill(0xffffffff);
    this.passing = new Uint8Array(this.messages); // 1: it is gone at some moment
    for (let row = 0; row < rows; row++) {
      const m = this.fact_message[row];
      order[fill[m]++] = row;
      if (this.fact_from[row] < this.firstFrame[m]) this.firstFrame[m] = this.fact_from[row];
      if (this.fact_kind[row] === GONE) this.passing[m] = 1;
    }
    this.factStarts = starts;
    this.factRows = order;
  }

  // The number of frames by a time on the axis.
  frameAt(us) {
    let low = 0, high = this.time.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time[middle] <= us) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  timeOf(frame) {
    return frame < 1 ? 0 : this.time[Math.min(frame, this.time.length) - 1];
  }

  chunkOf(frame) {
    const starts = this.facts.chunks;
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= frame) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  // The bytes of a run of frames.
  framesIn(chunk) {
    return this.block("frames-" + chunk, async (name) => this.withIds(new Uint8Array(await inflated(name)), this.listed));
  }

  // Puts ids back in place of 2 and their place; 0xffff is the place of none.
  withIds(bytes, listed) {
    const encoder = new TextEncoder(), ids = listed.slice(0, 0xffff).map((each) => encoder.encode(each.id || ""));
    const idAt = (at) => ids[bytes[at + 1] * 256 + bytes[at + 2]] || bytes.subarray(at, at + 1);
    let size = bytes.length;
    for (let at = bytes.indexOf(2); at >= 0; at = bytes.indexOf(2, at + 3)) size += idAt(at).length - 3;
    const whole = new Uint8Array(size);
    let from = 0, filled = 0;
    for (let at = bytes.indexOf(2); at >= 0; at = bytes.indexOf(2, from)) {
      const id = idAt(at);
      whole.set(bytes.subarray(from, at), filled);
      whole.set(id, filled + at - from);
      filled += at - from + id.length;
      from = at + 3;
    }
    whole.set(bytes.subarray(from), filled);
    return whole;
  }

  // Where header, payload and proofs of a frame end in the bytes of its run, and where it begins.
  placesOf(frame) {
    const k = frame - 1;
    let at = 0;
    for (let before = this.facts.chunks[this.chunkOf(frame)] - 1; before < k; before++) at += this.frame_head[before] + this.frame_size[before] + this.frame_proofs[before];
    const body = at + this.frame_head[k], end = body + this.frame_size[k];
    return [at, body, end, end + this.frame_proofs[k]];
  }

  // Header and payload of a frame, and what it proves. Its place is that of now: another page may come meanwhile.
  async bytesOf(frame) {
    const [at, body, end, last] = this.placesOf(frame), whole = await this.framesIn(this.chunkOf(frame));
    return { head: whole.subarray(at, body), payload: whole.subarray(body, end), proofs: this.proofsIn(whole.subarray(end, last), frame) };
  }

  proofsIn(bytes, frame) {
    const m = this.frame_message[frame - 1] - 1, dialog = m < 0 ? "" : this.facts.dialogs[this.message_dialog[m]].id;
    return bytes.length ? JSON.parse(new TextDecoder().decode(bytes)).map(([sentence, ...rest]) => [sentence.replaceAll("\u0001", () => dialog), ...rest]) : [];
  }

  findings() {
    return this.block("findings", async (name) => new FindingHistory(this, await inflatedJson(name)));
  }

  async evidenceOf(m) {
    const part = await this.block("evidence-" + Math.floor(m / data.evidenceRows), inflatedJson);
    return part[m % data.evidenceRows];
  }

  opcode(frame) {
    return this.frame_bits[frame - 1] & 15;
  }

  isPing(frame) {
    return this.opcode(frame) === 9 || this.opcode(frame) === 10;
  }

  sequence(m) {
    const sequence = this.message_sequence[m];
    return Number.isNaN(sequence) ? null : sequence;
  }
}

const sessions = data.sessions.map((facts, number) => new Session(facts, number));
