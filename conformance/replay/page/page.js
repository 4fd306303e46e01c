// The list of connections, and one of them: its divergences, its two plots and its ladder of packets. Everything from a capture is
// put in as text, never as markup. Not here: plots (plot.js), where the data comes from (conformance/replay/page.cc).
"use strict";

const HOST = 0, STACK = 2;
const replay = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const shown = { index: -1, rungs: [], rung: -1, divergence: -1, stream: "out", range: [0, 1], segments: [] };

// An element with attributes, a text or children.
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const MARKS = { same: "✓", diverged: "✗", "not judged": "·" };
const seconds = (at) => at.toFixed(6);

function tiersOf(connection) {
  return make("div", { class: "tiers" }, ...connection.tiers.map((finding, i) =>
    make("span", { class: finding === "not judged" ? "unjudged" : finding, title: `${replay.tiers[i]}: ${finding}` },
      `${MARKS[finding]} ${replay.tiers[i]}`)));
}

// The first that decides; else the first of all.
function firstOf(connection) {
  const decides = (divergence) => replay.deciding[replay.tiers.indexOf(divergence.tier)];
  return connection.divergences.find(decides) || connection.divergences[0];
}

function rowOf(connection, index) {
  const row = make("div", { class: "row", "data-index": index });
  row.append(make("button", { type: "button", class: "open", onclick: () => open(index) },
    `#${connection.number} ${connection.client} > ${connection.server}`));
  row.append(make("div", { class: "small" }, `${connection.packets} packets, the stack as ${connection.as}, ${connection.mode}` +
    (connection.reached ? `, same up to ${connection.reached}` : "") + (connection.verdict ? `, verdict ${connection.verdict}` : "")));
  row.append(make("div", { class: "small" }, connection.capture));
  row.append(tiersOf(connection));
  const first = firstOf(connection);
  if (first) {
    const which = connection.divergences.indexOf(first);
    row.append(make("button", { type: "button", class: "first", onclick: () => { open(index); goTo(which); } },
      `packet ${first.packet}, ${first.tier}: ${first.why}`));
  }
  return row;
}

function list() {
  const words = byId("find").value.toLowerCase();
  const only = byId("only-diverged").checked;
  const rows = replay.connections.map((connection, index) => [connection, index]).filter(([connection]) => {
    if (only && !connection.diverged) return false;
    const text = `${connection.capture} ${connection.client} ${connection.server} ` +
      connection.divergences.map((divergence) => divergence.tier).join(" ");
    return text.toLowerCase().includes(words);
  }).map(([connection, index]) => rowOf(connection, index));
  byId("list").replaceChildren(...(rows.length ? rows : [make("p", { class: "row small" }, "none")]));
  mark();
}

function mark() {
  for (const row of byId("list").querySelectorAll(".row")) {
    const chosen = Number(row.dataset.index) === shown.index;
    row.classList.toggle("chosen", chosen);
    if (chosen) row.scrollIntoView({ block: "nearest" });
  }
}

// Rungs of the ladder: what the peer sent reaches both; what both hosts sent alike, near each other, shares one.
function rungsOf(segments) {
  const NEAR = 40;
  const key = (segment, exact) => [segment.seq, segment.bytes, segment.flags & 0x7, exact ? segment.ack : ""].join();
  const mates = new Map(), taken = new Set();
  for (const exact of [true, false]) {
    const waiting = new Map();
    segments.forEach((segment, i) => {
      if (segment.from !== STACK || taken.has(i)) return;
      const name = key(segment, exact);
      waiting.set(name, [...(waiting.get(name) || []), i]);
    });
    segments.forEach((segment, i) => {
      if (segment.from !== HOST || mates.has(i)) return;
      if (!exact && segment.end === segment.seq) return;
      const candidates = waiting.get(key(segment, exact)) || [];
      const place = candidates.findIndex((other) => Math.abs(other - i) <= NEAR);
      if (place < 0) return;
      const [mate] = candidates.splice(place, 1);
      mates.set(i, mate);
      taken.add(mate);
    });
  }
  const rungs = [];
  segments.forEach((segment, i) => {
    if (segment.from === PEER) rungs.push({ at: segment.at, host: segment, stack: segment, main: segment });
    else if (segment.from === HOST) {
      rungs.push({ at: segment.at, host: segment, stack: mates.has(i) ? segments[mates.get(i)] : null, main: segment });
    } else if (!taken.has(i)) rungs.push({ at: segment.at, host: null, stack: segment, main: segment });
  });
  return rungs;
}

function arrow(segment) {
  if (!segment) return make("div", { class: "none" }, "nothing");
  const direction = segment.from === PEER ? "to-host" : "from-host";
  return make("div", { class: `arrow ${direction}${segment.again ? " again" : ""}` },
    make("span", { title: segment.text }, segment.text.replace(/^[<>] /, "")));
}

function ladder(connection) {
  let state = null;
  const why = new Map();
  for (const divergence of connection.divergences) {
    const index = rungAt(divergence);
    if (index >= 0) why.set(index, [...(why.get(index) || []), `${divergence.tier}: ${divergence.why}`]);
  }
  const rungs = shown.rungs.map((rung, i) => {
    const now = (rung.stack || rung.main).state;
    const element = make("div", { class: `rung${why.has(i) ? " marked" : ""}`, role: "option", id: `rung-${i}`, "aria-selected": "false",
      onclick: () => choose(i) },
    make("div", { class: "number" }, rung.host ? String(rung.host.packet) : ""), make("div", { class: "time" }, seconds(rung.at)),
    arrow(rung.host), arrow(rung.stack), make("div", { class: `state${now !== state ? " new" : ""}` }, now));
    for (const text of why.get(i) || []) element.append(make("div", { class: "why" }, text));
    state = now;
    return element;
  });
  byId("ladder").replaceChildren(...rungs);
  const head = ["packet", "seconds", "other end | captured host", "other end | stack", "stack's state"];
  byId("ladder-head").replaceChildren(...head.map((text) => make("div", {}, text)));
}

function rungAt(divergence) {
  const of = (test) => shown.rungs.findIndex(test);
  const own = divergence.captured ? of((rung) => rung.host && rung.host.packet === divergence.packet && rung.host.from === HOST) : -1;
  if (own >= 0) return own;
  const stacks = divergence.stack ? of((rung) => !rung.host && rung.stack.packet === divergence.packet) : -1;
  if (stacks >= 0) return stacks;
  const same = of((rung) => rung.main.packet === divergence.packet);
  return same >= 0 ? same : of((rung) => rung.main.packet > divergence.packet);
}

// Chooses a rung, in ladder and plots.
function choose(index, scroll = true) {
  if (index < 0 || index >= shown.rungs.length) return;
  for (const old of byId("ladder").querySelectorAll(".chosen")) {
    old.classList.remove("chosen");
    old.setAttribute("aria-selected", "false");
  }
  shown.rung = index;
  const element = byId(`rung-${index}`);
  element.classList.add("chosen");
  element.setAttribute("aria-selected", "true");
  byId("ladder").setAttribute("aria-activedescendant", element.id);
  const box = byId("ladder");
  if (scroll) box.scrollTop += element.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  for (const plot of [host, stack]) plot.choose(shown.rungs[index].at);
  location.replace(`#c${shown.index}p${shown.rungs[index].main.packet}`);
}

function goTo(which) {
  const connection = replay.connections[shown.index];
  if (!connection || which < 0 || which >= connection.divergences.length) return;
  shown.divergence = which;
  byId("divergences").querySelectorAll("button").forEach((button, i) => button.setAttribute("aria-current", String(i === which)));
  if (!connection.drawn) return;
  choose(rungAt(connection.divergences[which]));
  byId("ladder").focus();
}

function draw() {
  const connection = replay.connections[shown.index];
  if (!connection || !connection.drawn) return;
  const marks = [];
  let state = null;
  for (const segment of shown.segments) {
    if (segment.state !== state && state !== null) marks.push({ at: segment.at, name: segment.state, colour: "state" });
    state = segment.state;
  }
  if (connection.verdict && shown.segments.length) marks.unshift({ at: shown.segments[0].at, name: `verdict: ${connection.verdict}`, colour: "focus" });
  const wrong = connection.divergences.filter((divergence) => replay.deciding[replay.tiers.indexOf(divergence.tier)])
    .slice(0, 8).map((divergence) => ({ at: divergence.at, name: `✗ ${divergence.tier}`, colour: "bad" }));
  const whole = byId("whole-window").checked;
  host.show(plotted(shown.segments, HOST, shown.stream), shown.range, wrong, whole);
  stack.show(plotted(shown.segments, STACK, shown.stream), shown.range, [...marks, ...wrong].sort((a, b) => a.at - b.at), whole);
  const names = { data: "data", again: "sent again", ack: "acknowledged", window: "window", sack: "SACK blocks", state: "state of the stack" };
  byId("legend").replaceChildren(...Object.entries(names).map(([name, text]) => make("span", {}, make("i", { style: `background:var(--${name})` }), text)));
  if (shown.rung >= 0) for (const plot of [host, stack]) plot.choose(shown.rungs[shown.rung].at);
}

function open(index) {
  const connection = replay.connections[index];
  if (!connection) return;
  Object.assign(shown, { index, rung: -1, divergence: -1, segments: connection.segments.map(segmentOf) });
  shown.rungs = rungsOf(shown.segments);
  const times = shown.segments.map((segment) => segment.at);
  const first = times.reduce((a, b) => Math.min(a, b), Infinity), last = times.reduce((a, b) => Math.max(a, b), -Infinity);
  const margin = Math.max((last - first) * 0.03, 1e-5);
  shown.range = [first - margin, last + margin];
  shown.stream = connection.bytesIn > connection.bytesOut ? "in" : "out";
  byId("detail-title").textContent = `#${connection.number} ${connection.client} > ${connection.server}`;
  byId("facts").replaceChildren(
    `${connection.packets} packets (${connection.firstPacket} to ${connection.lastPacket}), the stack as ${connection.as}, ${connection.mode}, ` +
      `${connection.bytesOut} bytes out, ${connection.bytesIn} in`, tiersOf(connection),
    ...["notJudged", "verdict"].filter((name) => connection[name]).map((name) =>
      make("div", {}, `${name === "verdict" ? "verdict" : "not judged"}: ${connection[name]}`)),
    ...(connection.callerData ? [make("div", {}, `caller data, ${connection.callerDataBytes} bytes: ${connection.callerData}`)] : []),
    ...connection.notes.map((note) => make("div", { class: "small" }, note)));
  byId("divergences").replaceChildren(...connection.divergences.map((divergence, i) =>
    make("li", {}, make("button", { type: "button", class: replay.deciding[replay.tiers.indexOf(divergence.tier)] ? "deciding" : "",
      onclick: () => goTo(i) },
    `${divergence.first ? "first: " : ""}packet ${divergence.packet} (${seconds(divergence.at)} s), ${divergence.tier}, ${divergence.state}: ${divergence.why}`))));
  byId("stream-out").textContent = `data of the ${connection.as}`;
  byId("stream-in").textContent = `data of the ${connection.as === "server" ? "client" : "server"}`;
  for (const radio of document.getElementsByName("stream")) radio.checked = radio.value === shown.stream;
  const left = [];
  if (connection.divergencesTotal > connection.divergences.length) {
    left.push(`${connection.divergencesTotal - connection.divergences.length} further divergences are left out.`);
  }
  if (connection.segmentsLeftOut) left.push(`${connection.segmentsLeftOut} segments behind these are left out.`);
  if (connection.pictureLeftOut) left.push("Its packets are left out: the page would have become too large. Replay it by itself to see them.");
  byId("left-out").textContent = left.join(" ");
  byId("drawn").hidden = !connection.drawn;
  mark();
  if (connection.drawn) {
    ladder(connection);
    byId("ladder").scrollTop = 0;
    draw();
  } else for (const plot of [host, stack]) plot.close();
  location.replace(`#c${index}`);
}

function hover(segment, event) {
  const tip = byId("tip");
  tip.hidden = !segment || !event;
  if (tip.hidden) return;
  tip.textContent = `packet ${segment.packet}, ${seconds(segment.at)} s, ${segment.state}\n${segment.text}`;
  tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
  tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
}

const on = {
  hover,
  pick: (segment) => choose(shown.rungs.findIndex((rung) => rung.host === segment || rung.stack === segment)),
  zoom: (min, max) => { for (const plot of [host, stack]) plot.zoom(min, max); },
};
const host = new Plot(byId("plot-host"), on);
const stack = new Plot(byId("plot-stack"), on);

// The next connection of the list in this direction.
function step(by) {
  const rows = [...byId("list").querySelectorAll("[data-index]")].map((row) => Number(row.dataset.index));
  const place = rows.indexOf(shown.index);
  const next = rows[Math.min(Math.max(place + by, 0), rows.length - 1)];
  if (next !== undefined && next !== shown.index) open(next);
}

// Brings the chosen rung to the middle of the plots, near enough to see it.
function showInPlots() {
  if (shown.rung < 0 || !stack.chart) return;
  const width = (stack.sight[1] - stack.sight[0]) / 4;
  const at = shown.rungs[shown.rung].at;
  on.zoom(at - width / 2, at + width / 2);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.type === "search") return;
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 };
  let used = true;
  if (event.target === byId("ladder") && event.key in moves) {
    const last = shown.rungs.length - 1;
    choose(Math.min(Math.max(shown.rung + moves[event.key], 0), last));
  } else if (event.target === byId("ladder") && event.key === "Home") choose(0);
  else if (event.target === byId("ladder") && event.key === "End") choose(shown.rungs.length - 1);
  else if (event.target === byId("ladder") && event.key === "Enter") showInPlots();
  else if (event.target === byId("plot-host")) used = host.key(event.key);
  else if (event.target === byId("plot-stack")) used = stack.key(event.key);
  else used = false;
  if (!used) {
    used = true;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "n") goTo(shown.divergence + 1);
    else if (event.key === "p") goTo(shown.divergence - 1);
    else used = false;
  }
  if (used) event.preventDefault();
});
byId("find").addEventListener("input", list);
byId("only-diverged").addEventListener("change", list);
byId("whole-window").addEventListener("change", draw);
byId("unzoom").addEventListener("click", () => on.zoom(...shown.range));
for (const radio of document.getElementsByName("stream")) {
  radio.addEventListener("change", () => { shown.stream = radio.value; draw(); });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
addEventListener("resize", draw);

const diverged = replay.connections.filter((connection) => connection.diverged).length;
byId("summary").textContent = `${replay.connections.length} connections, ${diverged} diverged in ` +
  replay.tiers.filter((_, i) => replay.deciding[i]).join(", ") +
  (replay.leftOut ? `; ${replay.leftOut} more are left out: the page would have become too large` : "");
byId("troubles").replaceChildren(...replay.troubles.map((trouble) => make("div", {}, `${trouble.capture}: ${trouble.sentence}`)));
const asked = /^#c(\d+)(?:p(\d+))?$/.exec(location.hash);
list();
if (replay.connections.length) {
  open(asked ? Math.min(Number(asked[1]), replay.connections.length - 1) : Math.max(replay.connections.findIndex((one) => one.diverged), 0));
  if (asked && asked[2]) choose(shown.rungs.findIndex((rung) => rung.main.packet === Number(asked[2])));
} else byId("detail").hidden = true;
document.body.dataset.ready = "yes";
