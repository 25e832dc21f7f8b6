"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.getElementById("page");
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 900, HEIGHT = 190, LEFT = 56, TOP = 10, BOTTOM = 22;

  function add(parent, name, text, style) {
    const node = document.createElement(name);
    if (text !== undefined && text !== null) node.textContent = String(text);
    if (style) node.className = style;
    parent.appendChild(node);
    return node;
  }

  function draw(parent, name, attributes, text) {
    const node = document.createElementNS(SVG, name);
    for (const key of Object.keys(attributes)) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = String(text);
    parent.appendChild(node);
    return node;
  }

  function number(value) {
    if (value === null || value === undefined) return "–";
    const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 1 ? 1 : 3;
    return value.toFixed(digits);
  }

  function table(head, rows, texts) {
    const whole = add(root, "table");
    const top = add(add(whole, "thead"), "tr");
    head.forEach((name, place) => add(top, "th", name, texts.includes(place) ? "text" : ""));
    const body = add(whole, "tbody");
    for (const row of rows) {
      const line = add(body, "tr");
      row.forEach((cell, place) => {
        const text = texts.includes(place);
        add(line, "td", text ? cell : number(cell), text ? "text" : "");
      });
    }
  }

  function chart(title, unit, series) {
    const points = series.flatMap((one) => one.points);
    if (points.length === 0) return;
    const figure = add(root, "figure");
    const caption = add(figure, "figcaption", title + (unit ? " (" + unit + ")" : ""));
    series.forEach((one, place) => add(caption, "span", one.name, "key k" + place));
    const lastS = Math.max(...points.map((point) => point[0]), 1);
    const most = Math.max(...points.map((point) => point[1])) || 1;
    const x = (atS) => LEFT + (atS / lastS) * (WIDTH - LEFT - 10);
    const y = (value) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
    const svg = draw(figure, "svg", { viewBox: "0 0 " + WIDTH + " " + HEIGHT, role: "img" });
    for (const share of [0, 0.5, 1]) {
      draw(svg, "line", { class: "grid", x1: LEFT, x2: WIDTH - 10, y1: y(share * most), y2: y(share * most) });
      draw(svg, "text", { x: LEFT - 6, y: y(share * most) + 4, "text-anchor": "end" }, number(share * most));
      draw(svg, "text", { x: x(share * lastS), y: HEIGHT - 6, "text-anchor": share === 1 ? "end" : "start" },
        number(share * lastS) + " s");
    }
    series.forEach((one, place) => {
      const line = one.points.map((point) => x(point[0]).toFixed(1) + "," + y(point[1]).toFixed(1)).join(" ");
      draw(svg, "polyline", { class: "s" + place, points: line });
    });
  }

  function overTime(name, of) {
    const points = [];
    for (const moment of data.history) {
      const value = of(moment);
      if (value !== null && value !== undefined) points.push([moment.at_s, value]);
    }
    return { name: name, points: points };
  }

  function quantiles(metric) {
    return [["p50", "p50_ms"], ["p95", "p95_ms"], ["p99", "p99_ms"]].map(([name, key]) =>
      overTime(name, (moment) => {
        const found = moment.figures.find((figure) => figure.metric === metric);
        return found ? found[key] : null;
      }));
  }

  add(root, "h1", data.title);
  add(root, "p", data.verdict, data.passed ? "verdict" : "verdict failed");
  for (const says of data.violations) add(root, "p", says, "failed");
  const facts = add(root, "dl");
  for (const [name, value] of data.facts) {
    add(facts, "dt", name);
    add(facts, "dd", value);
  }

  add(root, "h2", "Durations, in milliseconds");
  table(["metric", "count", "per s", "mean", "min", "p50", "p90", "p95", "p99", "p99.9", "max"],
    data.figures.map((row) => [row.metric, row.count, row.rate, row.mean_ms, row.min_ms, row.p50_ms,
      row.p90_ms, row.p95_ms, row.p99_ms, row["p99.9_ms"], row.max_ms]), [0]);
  add(root, "h2", "Counts");
  table(["metric", "count", "per s"], data.counts.map((row) => [row.metric, row.count, row.rate]), [0]);

  add(root, "h2", "Over time");
  chart("users", "", [overTime("active", (moment) => moment.active), overTime("passed", (moment) => moment.passed),
    overTime("failed", (moment) => moment.failed)]);
  chart("per second", "", [overTime("messages", (moment) => moment.messages_per_s),
    overTime("frames", (moment) => moment.frames_per_s)]);
  for (const [metric, title] of [["receipt_lateness", "receipts later than planned"], ["answer", "answers"],
    ["push", "pushed back"]]) chart(title, "ms", quantiles(metric));

  if (data.failures.length) {
    add(root, "h2", "Failures");
    table(["step", "what went wrong", "users"], data.failures.map((row) => [row.step || "", row.failure, row.users]),
      [0, 1]);
  }
})();
