// A run of many users: the verdict, what was measured as a whole and over time, who was slowest, what failed.

const data = JSON.parse(document.getElementById("data").textContent);
const WIDTH = 720, HEIGHT = 200, LEFT = 62, RIGHT = 10, TOP = 10, BOTTOM = 24;

function draw(parent, name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function number(value) {
  if (value === null || value === undefined) return "–";
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return value.toFixed(digits);
}

function card(title, ...children) {
  return make("section", { class: "card" }, make("h2", {}, title), children);
}

function table(title, head, rows, texts) {
  const style = (place) => (texts.includes(place) ? "text" : null);
  const cell = (value, place) => make("td", { class: style(place) }, value instanceof Node ? value : texts.includes(place) ? value : number(value));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, make("table", {},
    make("thead", {}, make("tr", {}, head.map((name, place) => make("th", { scope: "col", class: style(place) }, name)))),
    make("tbody", {}, rows.map((row) => make("tr", {}, row.map(cell))))));
}

// --- over time --------------------------------------------------------------------------------------------

const lastS = Math.max(1, ...data.history.map((moment) => moment.at_s));

function timeX(atS) {
  return LEFT + (atS / lastS) * (WIDTH - LEFT - RIGHT);
}

// A picture with its words; marks are heights with what stands beside them.
function figure(title, words, keys, marks) {
  const picture = make("svg", { viewBox: "0 0 " + WIDTH + " " + HEIGHT, role: "img", "aria-label": words });
  for (const [y, text] of marks) {
    draw(picture, "line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y });
    draw(picture, "text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, text);
  }
  for (const share of [0, 0.5, 1]) {
    draw(picture, "text", { x: timeX(share * lastS), y: HEIGHT - 6, "text-anchor": ["start", "middle", "end"][share * 2] }, number(share * lastS) + " s");
  }
  const box = make("figure", {}, make("figcaption", {}, make("b", {}, title), keys.map((name, place) => make("span", { class: "key k" + place }, name))), picture);
  return [box, picture];
}

function lines(title, series) {
  const points = series.map(([, of]) => data.history.map((moment) => [moment.at_s, of(moment)]).filter(([, value]) => value !== null && value !== undefined));
  const most = Math.max(...points.flat().map(([, value]) => value));
  if (!Number.isFinite(most)) return null;
  const y = (value) => HEIGHT - BOTTOM - (value / (most || 1)) * (HEIGHT - TOP - BOTTOM);
  const marks = [0, 0.5, 1].map((share) => [y(share * (most || 1)), number(share * (most || 1))]);
  const [box, picture] = figure(title, title + " over time, at most " + number(most), series.map(([name]) => name), marks);
  points.forEach((each, place) => {
    draw(picture, "polyline", { class: "s" + place, points: each.map(([atS, value]) => timeX(atS).toFixed(1) + "," + y(value).toFixed(1)).join(" ") });
  });
  return box;
}

// A bar for each moment: from the shortest to the median, on to p90, to p99, to the longest. Heights are logarithmic.
const PARTS = [["p50_ms", "half"], ["p90_ms", "to p90"], ["p99_ms", "to p99"], ["max_ms", "to the longest"]];

function spread(metric, title) {
  const rows = data.history.map((moment) => [moment.at_s, moment.figures.find((each) => each.metric === metric)]).filter(([, each]) => each);
  if (!rows.length) return null;
  const least = Math.max(0.001, Math.min(...rows.map(([, each]) => each.min_ms))), most = Math.max(least * 10, ...rows.map(([, each]) => each.max_ms));
  const low = Math.floor(Math.log10(least)), high = Math.ceil(Math.log10(most));
  const y = (ms) => HEIGHT - BOTTOM - ((Math.log10(Math.max(ms, 10 ** low)) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const marks = Array.from({ length: high - low + 1 }, (_, place) => 10 ** (low + place)).map((ms) => [y(ms), trimmed(ms, 3) + " ms"]);
  const longest = Math.max(...rows.map(([, each]) => each.max_ms)), medians = rows.map(([, each]) => each.p50_ms);
  const words = title + " over time: medians from " + number(Math.min(...medians)) + " to " + number(Math.max(...medians)) + " ms, the longest " + number(longest) + " ms";
  const [box, picture] = figure(title, words, PARTS.map(([, name]) => name), marks);
  const wide = Math.max(1, Math.min(14, ((WIDTH - LEFT - RIGHT) / Math.max(1, data.history.length)) * 0.8));
  for (const [atS, each] of rows) {
    const values = [each.min_ms, ...PARTS.map(([name]) => each[name])];
    for (let part = PARTS.length - 1; part >= 0; part--) {
      const from = y(values[part]), until = y(values[part + 1]);
      draw(picture, "rect", { class: "b" + part, x: (timeX(atS) - wide / 2).toFixed(1), width: wide.toFixed(1), y: until.toFixed(1), height: Math.max(1, from - until).toFixed(1) });
    }
  }
  return box;
}

// --- the page ---------------------------------------------------------------------------------------------

const MEASURED = [["answer", "Answers"], ["push", "Own messages pushed back"], ["receipt_lateness", "Receipts later than planned"], ["connect", "Connecting"]];

function timeCards() {
  const people = lines("Users", [["active", (moment) => moment.active], ["passed", (moment) => moment.passed], ["failed", (moment) => moment.failed]]);
  const rates = lines("Per second", [["messages", (moment) => moment.messages_per_s], ["frames", (moment) => moment.frames_per_s]]);
  const spreads = MEASURED.map(([metric, title]) => spread(metric, title));
  return [
    people && card("Over time", make("div", { class: "charts" }, people, rates)),
    spreads.some(Boolean) && card("Durations over time", make("p", { class: "aside" }, "A bar for each moment: the faster half, the rest up to p90, to p99, and to the longest."), make("div", { class: "charts" }, spreads)),
  ];
}

function slowest() {
  if (!data.slowest.length) return null;
  const head = ["user", "longest answer, ms", "longest push, ms", "latest receipt, ms", "its session"];
  const rows = data.slowest.map((each) => [each.user, each.answer_ms, each.push_ms, each.receipt_lateness_ms, make("code", {}, "recorder report " + each.session)]);
  return card("Slowest users", make("p", { class: "aside" }, "Each is a session of its own in the archive: the command shows it."), table("Slowest users", head, rows, [4]));
}

function build() {
  const durations = data.figures.map((row) => [row.metric, row.count, row.rate, row.mean_ms, row.min_ms, row.p50_ms, row.p90_ms, row.p95_ms, row.p99_ms, row["p99.9_ms"], row.max_ms]);
  put(root,
    make("header", { class: "top" }, make("h1", {}, data.title), themeButton(() => {})),
    make("p", { class: data.passed ? "verdict" : "verdict failed" }, data.verdict),
    data.violations.map((says) => make("p", { class: "failed" }, says)),
    card("The run", make("dl", {}, data.facts.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]).flat())),
    timeCards(),
    card("Durations, in milliseconds", table("Durations", ["metric", "count", "per s", "mean", "min", "p50", "p90", "p95", "p99", "p99.9", "max"], durations, [0])),
    slowest(),
    data.failures.length > 0 && card("Failures", table("Failures", ["step", "what went wrong", "users"], data.failures.map((row) => [row.step || "", row.failure, row.users]), [0, 1])),
    card("Counts", table("Counts", ["metric", "count", "per s"], data.counts.map((row) => [row.metric, row.count, row.rate]), [0])));
}

build();
