// Elements, and texts in which nothing hides. Whatever comes from a recording reaches the page as text.

const root = document.getElementById("page");
const SVG = "http://www.w3.org/2000/svg";

// Control characters, invisible ones, those that turn the direction of a line, and halves of surrogate pairs.
const HIDDEN = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u180e"
  + "\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufe00-\\ufe0e\\ufeff\\ufff9-\\ufffb]|[\\u{e0000}-\\u{e0fff}]"
  + "|\\p{Cs}", "gu");

function visible(text) {
  return String(text).replace(HIDDEN, (one) => "‹U+" + one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "›");
}

// make("p", {class: "x", "aria-label": "y", onclick: f}, "text", child): undefined and null are left out.
function make(name, attributes, ...children) {
  const node = name === "svg" || name === "path" || name === "circle" || name === "line"
    ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : visible(value));
  }
  return put(node, ...children);
}

function put(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : visible(child));
  }
  return node;
}

function refill(node, ...children) {
  node.replaceChildren();
  return put(node, ...children);
}

function button(text, onclick, attributes) {
  return make("button", { type: "button", onclick, ...attributes }, text);
}

// As the system has it, light, dark, and so on.
function themeButton(drawAgain) {
  const themes = ["auto", "light", "dark"];
  const theme = button("Theme: auto", () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % 3];
    document.documentElement.dataset.theme = next;
    refill(theme, "Theme: " + next);
    drawAgain();
  }, { class: "theme" });
  return theme;
}

function counted(number, what) {
  return number.toLocaleString("en") + " " + what + (number === 1 ? "" : "s");
}

// 1234.5678 ms → "1.235 s"; what is shorter than a second in milliseconds.
function duration(us) {
  const ms = us / 1000;
  if (Math.abs(ms) < 1000) return trimmed(ms, Math.abs(ms) < 10 ? 3 : 1) + " ms";
  if (Math.abs(ms) < 120000) return trimmed(ms / 1000, 3) + " s";
  const seconds = Math.round(ms / 1000);
  return Math.trunc(seconds / 60) + " min " + Math.abs(seconds % 60) + " s";
}

function trimmed(value, digits) {
  return value.toFixed(digits).replace(/\.?0+$/, "");
}

function signed(us) {
  return (us < 0 ? "−" : "+") + duration(Math.abs(us));
}

function clockTime(us) {
  return Number.isFinite(us) ? new Date(us / 1000).toISOString().slice(11, 23) : "–";
}

// Highlights the matches of a search in a text.
function marked(text, needle) {
  if (!needle) return [text];
  const parts = [], lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    parts.push(text.slice(from, at), make("mark", {}, text.slice(at, at + needle.length)));
    from = at + needle.length;
  }
  return [...parts, text.slice(from)];
}
