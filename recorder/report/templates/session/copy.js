// What can be taken along: a link, a line for wscat, a step of a script, a test.

function copyButtons(listed) {
  const said = make("span", { role: "status", class: "said" });
  return make("p", { class: "tools copies" }, listed.filter((each) => each[1]).map(([name, text]) => button("Copy " + name, async () => {
    refill(said, (await copied(text)) ? "Copied." : "The browser did not allow it.");
  }, { title: text.slice(0, 1000) })), said);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", { "aria-hidden": "true", class: "away" });
    area.value = text;
    document.body.append(area);
    area.select();
    const worked = document.execCommand("copy"); // from file:// there may be no other way
    area.remove();
    return worked;
  }
}

function quoted(text) {
  return JSON.stringify(text); // a string of YAML and of Python as well
}

function messageCopies(session, m, state) {
  const sequence = session.sequence(m), [, , , text, , mine] = session.contents[lastContent(session, m)];
  const from = state !== null && state.role ? "from: " + (state.role === "CONSUMER" ? "consumer" : "agent") + ", " : "";
  const step = mine ? "- say: " + quoted(text || "") : "- await: {message: {" + from + "matching: " + quoted("^" + literally(text || "") + "$") + "}, within: 10s}";
  return [
    ["link", linkTo(session, m, null)],
    ["script step", text === null ? null : step],
    ["pytest", sequence === null || state === null ? null : pytest(session, m, state)],
  ];
}

// A pattern that finds this text and no other.
function literally(text) {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function pytest(session, m, state) {
  const dialog = session.facts.dialogs[session.message_dialog[m]].id, sequence = session.sequence(m);
  return [
    "from recorder import recipes", "", "",
    `def test_message_${sequence}_is_${state.status}():`,
    `    with recipes.open_archive("recorder.db") as archive:`,
    `        _, message, _ = recipes.message_life(archive, ${quoted(session.facts.session)}, ${quoted(dialog + ":" + sequence)})`,
    `    assert message.status == ${quoted(state.status)}`, "",
  ].join("\n");
}

function frameCopies(session, frame, text) {
  const client = session.frame_client[frame - 1] === 1, line = text === null ? null : text.replace(/[\r\n]+\s*/g, " ");
  return [
    ["link", linkTo(session, null, frame)],
    ["wscat line", session.opcode(frame) > 1 || line === null ? null : (client ? "> " : "< ") + line],
    ["script step", client && session.opcode(frame) === 1 && text !== null ? "- send_frame: {opcode: text, text: " + quoted(text) + "}" : null],
    ["payload", text],
  ];
}

// "#message=2&at=+19.5s": what a ticket points to.
function linkTo(session, m, frame) {
  return location.href.split("#")[0] + "#" + linkWords(session, m, frame);
}

function linkWords(session, m, frame) {
  const parts = [];
  if (sessions.length > 1) parts.push("session=" + (session.number + 1));
  const sequence = m === null ? null : session.sequence(m);
  if (m !== null && sequence === null) parts.push("publish=" + session.message_publish[m]);
  if (sequence !== null) {
    const several = session.facts.dialogs.length > 1;
    parts.push("message=" + (several ? encodeURIComponent(session.facts.dialogs[session.message_dialog[m]].id) + ":" : "") + sequence);
  }
  if (frame !== null) parts.push("frame=" + frame);
  if (moment.step < moment.steps) parts.push("at=%23" + at[0]);
  return parts.join("&");
}

// Goes where a link points to; false: it points to nothing that is here.
function follow(link) {
  const parts = new Map(link.replace(/^#/, "").split("&").filter(Boolean).map((part) => {
    const [name, ...value] = part.split("=");
    try {
      return [name, decodeURIComponent(value.join("="))];
    } catch {
      return [name, value.join("=")];
    }
  }));
  const session = sessions[Number(parts.get("session") || 1) - 1] || sessions[0];
  if (parts.has("at")) {
    const step = moment.read(parts.get("at").replace(/^ /, "+"));
    if (step !== null) moment.go(step);
  }
  const frame = Number(parts.get("frame"));
  if (frame >= 1 && frame <= session.last) selectFrame(session, frame);
  const m = messageNamed(session, parts);
  if (m !== null) selectMessage(session, m, { focus: true });
}

function messageNamed(session, parts) {
  const named = /^(?:(.*):)?(\d+)$/s.exec(parts.get("message") || "");
  for (let m = 0; m < session.messages; m++) {
    if (parts.has("publish") && session.message_publish[m] === Number(parts.get("publish"))) return m;
    if (!named || session.message_sequence[m] !== Number(named[2])) continue;
    if (named[1] === undefined || session.facts.dialogs[session.message_dialog[m]].id === named[1]) return m;
  }
  return null;
}
