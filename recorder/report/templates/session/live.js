// The page as it is served: blocks are fetched when they are needed, and what is recorded meanwhile comes in.

const ASK_MS = 500;
const liveLine = make("p", { class: "live", role: "status" });

compressed = async (name) => {
  const answer = await fetch("block/" + name);
  if (!answer.ok) throw new Error("the session has gone on: reload this page");
  return new Uint8Array(await answer.arrayBuffer());
};

whenBuilt = () => {
  if (!isRecorded()) return;
  root.querySelector("header").append(liveLine);
  tellState();
  setTimeout(askForMore, ASK_MS);
};

function isRecorded() {
  return sessions[0].facts.state === "recording";
}

function tellState() {
  refill(liveLine, isRecorded() ? "Live: what is recorded appears here." : "The session is over.");
}

async function askForMore() {
  let answer;
  try {
    answer = await fetch("data?after=" + data.version);
  } catch {
    return refill(liveLine, "recorder view has ended: this is what it showed last.");
  }
  try {
    if (answer.status === 200) await grow(await answer.json());
  } catch (problem) {
    console.info(problem.message); // a still newer version comes with the next answer
  }
  return isRecorded() && setTimeout(askForMore, ASK_MS);
}

// The session becomes a newer one, all at once; what is chosen, filtered and in view stays.
async function grow(newer) {
  const session = sessions[0], next = new Session(newer.sessions[0], 0);
  await next.load();
  const atEnd = moment.step === moment.steps, fits = timeline.until === timeline.whole && timeline.from === timeline.begin;
  const chosen = selection.message === null ? null : namedParts(session, selection.message);
  const keptFilter = [filter.dialog === null ? null : session.facts.dialogs[filter.dialog].id, filter.person === null ? null : session.people[filter.person].label];
  for (const name of Object.keys(session)) delete session[name];
  Object.assign(session, next);
  Object.assign(data, newer);
  if (chosen) selection.message = messageNamed(session, chosen);
  if (selection.message !== null) lightFrames(session, selection.message);
  growFilters(session, ...keptFilter);
  growLists();
  growTimeline(fits);
  moment.slider.max = moment.steps;
  moment.go(atEnd ? moment.steps : moment.step, { keep: !atEnd });
  timeline.render();
  if (search.needle && !findBar.inFrames.checked) findBar.find({ stay: true });
  findings.load();
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
