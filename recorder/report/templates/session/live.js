// The page as it is served: blocks are fetched when they are needed, and what is recorded meanwhile comes in.

const ASK_MS = 500;
const liveLine = make("p", { class: "live", role: "status" });

// The evidence of a message that has come, or that more was heard of, is another than the block has.
Session.prototype.evidenceOf = async function (m) {
  if (this.touched?.has(m)) return this.block("message-" + m, inflatedJson);
  const part = await this.block("evidence-" + Math.floor(m / data.evidenceRows), inflatedJson);
  return part[m % data.evidenceRows];
};

// What is not there any more belongs to a page that a newer one takes the place of: it never comes.
compressed = async (name) => {
  try {
    const answer = await fetch("block/" + name);
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  } catch {
    tellEnd();
  }
  if (!conversations) throw new Error("recorder view has ended, or goes on with a newer page: reload it");
  return new Promise(() => {});
};

whenBuilt = () => {
  if (!goesOn()) return;
  root.querySelector("header").append(liveLine);
  tellState();
  askForMore();
};

// Whether more comes: frames, or at their end the page of all of them.
function goesOn() {
  return sessions[0].facts.state === "recording" || sessions[0].madeAt !== undefined;
}

function tellState() {
  const recorded = sessions[0].facts.state === "recording";
  refill(liveLine, recorded ? "Live: what is recorded appears here." : goesOn() ? "The session is over. Its findings and numbers follow." : "The session is over.");
}

function tellEnd() {
  refill(liveLine, "recorder view has ended: this is what it showed last.");
}

async function askForMore() {
  let answer;
  try {
    answer = await fetch("data?after=" + data.version);
  } catch {
    return tellEnd();
  }
  try {
    if (answer.status === 200) {
      const newer = await answer.json();
      if (newer.growths) extend(newer);
      else await grow(newer);
    }
  } catch (problem) {
    console.info(problem.message); // a still newer version comes with the next answer
  }
  return goesOn() && setTimeout(askForMore, ASK_MS);
}

// The session becomes a newer one, made anew.
async function grow(newer) {
  const session = sessions[0], next = new Session(newer.sessions[0], 0);
  await next.load();
  const named = shownNow(session);
  for (const name of Object.keys(session)) delete session[name];
  Object.assign(session, next);
  Object.assign(data, newer);
  showGrown(session, named);
  findings.load();
}

// What has come is added to the session.
function extend({ version, growths }) {
  const session = sessions[0], named = shownNow(session);
  for (const growth of growths) addGrowth(session, growth);
  data.version = session.facts.version = version;
  session.timesOfFrames();
  session.factsOfMessages();
  session.order = orderOf(session);
  showGrown(session, named);
}

function addGrowth(session, growth) {
  const { facts } = session, known = session.fact_from.length;
  session.madeAt ??= session.last;
  session.rooms ??= new Map();
  for (const table of ["frame", "message", "fact"]) {
    for (const [name, values] of Object.entries(growth[table + "s"])) addRows(session, table + "_" + name, values);
  }
  for (const [frame, message] of growth.patched) session.frame_message[frame - 1] = message;
  for (const content of growth.contents) session.contents.push(content);
  for (const name of ["labels", "receiptWords", "dialogs", "chunks"]) for (const each of growth[name]) facts[name].push(each);
  if (growth.people) session.people = facts.people = growth.people;
  Object.assign(facts, { connections: growth.connections, state: growth.state });
  session.last = facts.last = growth.last;
  session.messages = session.message_dialog.length;
  session.blocks.delete("frames-" + (facts.chunks.length - 1 - growth.chunks.length)); // it has more frames now
  session.touched ??= new Set();
  for (const m of [...session.fact_message.subarray(known), ...growth.about]) {
    session.touched.add(m);
    session.blocks.delete("message-" + m);
  }
}

// A column with more rows; there is room for some behind it.
function addRows(session, name, values) {
  const old = session[name], Column = old.constructor, length = old.length + values.length;
  if (!session.rooms.has(name) || session.rooms.get(name).length < length) {
    session.rooms.set(name, new Column(Math.ceil(length * 1.25) + 64));
    session.rooms.get(name).set(old);
  }
  const whole = session.rooms.get(name).subarray(0, length);
  values.forEach((value, place) => (whole[old.length + place] = value === null ? NaN : value));
  session[name] = whole;
}

// The places of the messages in the order of the page: dialog by dialog, by sequence; a publish without one
// behind what was there when it went out.
function orderOf(session) {
  const dialogs = session.facts.dialogs.map(() => [[], []]);
  for (let m = 0; m < session.messages; m++) dialogs[session.message_dialog[m]][Number(session.sequence(m) === null)].push(m);
  const order = new Uint32Array(session.messages);
  let filled = 0;
  for (const [numbered, publishes] of dialogs) {
    numbered.sort((one, other) => session.message_sequence[one] - session.message_sequence[other]);
    publishes.sort((one, other) => session.message_publish[one] - session.message_publish[other]);
    let seen = 0, taken = 0;
    for (const m of numbered) {
      seen = Math.max(seen, session.firstFrame[m]);
      while (taken < publishes.length && session.message_publish[publishes[taken]] < seen) order[filled++] = publishes[taken++];
      order[filled++] = m;
    }
    while (taken < publishes.length) order[filled++] = publishes[taken++];
  }
  return order;
}

// What is chosen, filtered and in view, by names that stay.
function shownNow(session) {
  return {
    atEnd: moment.step === moment.steps,
    fits: timeline.until === timeline.whole && timeline.from === timeline.begin,
    chosen: selection.message === null ? null : namedParts(session, selection.message),
    filters: [filter.dialog === null ? null : session.facts.dialogs[filter.dialog].id, filter.person === null ? null : session.people[filter.person].label],
  };
}

function showGrown(session, { atEnd, fits, chosen, filters }) {
  if (chosen) selection.message = messageNamed(session, chosen);
  if (selection.message !== null) lightFrames(session, selection.message);
  growFilters(session, ...filters);
  growLists();
  growTimeline(fits);
  moment.slider.max = moment.steps;
  moment.go(atEnd ? moment.steps : moment.step, { keep: !atEnd });
  timeline.render();
  if (search.needle && !findBar.inFrames.checked) findBar.find({ stay: true });
  growWords();
}

// A message as links name it: places change when a dialog turns up.
function namedParts(session, m) {
  if (session.message_publish[m]) return new Map([["publish", String(session.message_publish[m])]]);
  return new Map([["message", session.facts.dialogs[session.message_dialog[m]].id + ":" + session.message_sequence[m]]]);
}

function growFilters(session, dialog, person) {
  const placeOf = (found) => (found < 0 ? null : found);
  filter.dialog = dialog === null ? null : placeOf(session.facts.dialogs.findIndex((each) => each.id === dialog));
  filter.person = person === null ? null : placeOf(session.people.findIndex((each) => each.label === person));
  for (const [fresh, value] of [[findBar.dialogs(), filter.dialog], [findBar.people(), filter.person]]) {
    const old = findBar.box.querySelector("select[aria-label=\"" + fresh.getAttribute("aria-label") + "\"]");
    if (old.textContent === fresh.textContent) continue;
    fresh.value = value === null ? "" : value;
    old.replaceWith(fresh);
  }
}

function growLists() {
  const { list, session } = conversations[0], heights = list.measured;
  list.measure(session.messages);
  list.measured.set(heights.subarray(0, session.messages));
  frameTables[0].update();
}

function growTimeline(fits) {
  const session = sessions[0];
  timeline.lanes = timeline.lanesOf(session, 0);
  timeline.whole = Math.max(1, session.span);
  if (fits) timeline.until = timeline.whole;
}

function growWords() {
  refill(root.querySelector(".honesty"), honesty(sessions[0]));
  const numbers = document.getElementById("numbers");
  if (!numbers.contains(document.activeElement)) numbers.replaceWith(numbersBox());
  tellState();
}
