// A time-sequence plot: one sender's data, what the other end acknowledged, its window and its SACK blocks. uPlot draws axes and
// lines; bars, blocks and marks are drawn on it here. Not here: which connection it is (page.js).
"use strict";

const FLAGS = { fin: 1, syn: 2, rst: 4, ack: 16 };
const PEER = 1;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

// A row of the data, by name.
function segmentOf(row) {
  const [from, at, packet, seq, bytes, ack, window, flags, again, state, text, sack] = row;
  return { from, at, packet, seq, bytes, ack, window, flags, again: again === 1, state, text, sack: sack || [],
    end: seq + bytes + (flags & FLAGS.syn ? 1 : 0) + (flags & FLAGS.fin ? 1 : 0) };
}

// What one plot shows: of `subject` (captured host or stack) and the peer, the stream `out` of the subject or `in` to it.
function plotted(segments, subject, stream) {
  const sender = stream === "out" ? subject : PEER;
  const receiver = stream === "out" ? PEER : subject;
  const sent = [], heard = [], xs = [], ends = [], acks = [], windows = [];
  for (const segment of segments) {
    if (segment.flags & FLAGS.rst) continue;
    const isSent = segment.from === sender && segment.end > segment.seq;
    const isHeard = segment.from === receiver && segment.ack !== null;
    if (!isSent && !isHeard) continue;
    xs.push(segment.at);
    ends.push(isSent ? segment.end : null);
    acks.push(isHeard ? segment.ack : null);
    windows.push(isHeard && segment.window !== null ? segment.ack + segment.window : null);
    if (isSent) sent.push(segment);
    if (isHeard) heard.push(segment);
  }
  return { sent, heard, data: [xs, ends, acks, windows] };
}

class Plot {
  // `on`: { pick(segment), hover(segment, event), zoom(min, max) }
  constructor(place, on) {
    this.place = place;
    this.on = on;
    this.chart = null;
  }

  // `marks`: [{ at, name, colour }], vertical lines.
  show(shown, range, marks, wholeWindow) {
    this.close();
    Object.assign(this, { shown, range, marks, wholeWindow, chosen: null, sight: range });
    const line = (name, label) => ({ label, stroke: colour(name), width: 1.5, spanGaps: true, points: { show: false },
      paths: uPlot.paths.stepped({ align: 1 }) });
    const axis = (values) => ({ stroke: colour("dim"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") }, ...values });
    const box = this.place.getBoundingClientRect();
    this.chart = new uPlot({
      width: Math.max(200, Math.floor(box.width) - 2), height: Math.max(150, Math.floor(box.height) - 2),
      legend: { show: false },
      cursor: {
        sync: { key: "replay", scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
        drag: { x: true, y: false, setScale: false }, points: { show: false },
      },
      scales: { x: { time: false, range: () => this.sight }, y: { range: () => this.vertical() } },
      axes: [
        axis({ values: (_, ticks) => ticks.map((tick) => +tick.toPrecision(10) + " s"), size: 32 }),
        axis({ values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")), size: 70 }),
      ],
      series: [{}, { label: "data", stroke: "transparent", points: { show: false } }, line("ack", "acknowledged"),
        { ...line("window", "window"), dash: [4, 3] }],
      hooks: {
        draw: [(chart) => this.draw(chart)],
        setCursor: [(chart) => this.point(chart)],
        setSelect: [(chart) => this.select(chart)],
      },
    }, this.shown.data, this.place);
    const over = this.chart.over;
    over.addEventListener("click", () => this.near && this.on.pick(this.near));
    over.addEventListener("mouseleave", () => this.on.hover(null));
    over.addEventListener("mousemove", (event) => this.on.hover(this.near, event));
    over.addEventListener("dblclick", () => this.on.zoom(...this.range));
    over.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? 0.7 : 1 / 0.7, event.offsetX / over.clientWidth);
    }, { passive: false });
  }

  close() {
    if (this.chart) this.chart.destroy();
    this.chart = null;
  }

  // Fits data, acknowledgments and SACK blocks that are in sight; the window only as far as that leaves them readable.
  vertical() {
    const [min, max] = this.sight;
    let low = Infinity, high = -Infinity, window = -Infinity;
    const take = (value) => { low = Math.min(low, value); high = Math.max(high, value); };
    const inSight = (segment) => segment.at >= min && segment.at <= max;
    for (const segment of this.shown.sent) if (inSight(segment)) { take(segment.seq); take(segment.end); }
    for (const segment of this.shown.heard) {
      if (!inSight(segment)) continue;
      take(segment.ack);
      for (const [begin, end] of segment.sack) { take(begin); take(end); }
      if (segment.window !== null) window = Math.max(window, segment.ack + segment.window);
    }
    if (low > high) return [0, 1];
    const span = Math.max(high - low, 10);
    const top = this.wholeWindow ? Math.max(high, window) : Math.max(high, Math.min(window, high + span * 0.5));
    return [low - span * 0.05, top + span * 0.08];
  }

  draw(chart) {
    const { ctx } = chart;
    const x = (at) => chart.valToPos(at, "x", true);
    const y = (value) => chart.valToPos(value, "y", true);
    const scale = devicePixelRatio || 1;
    ctx.save();
    ctx.beginPath();
    ctx.rect(chart.bbox.left, chart.bbox.top, chart.bbox.width, chart.bbox.height);
    ctx.clip();
    const bar = (at, begin, end, name, width) => {
      const top = y(end), height = Math.max(y(begin) - top, 2 * scale);
      ctx.fillStyle = colour(name);
      ctx.fillRect(x(at) - width * scale / 2, top, width * scale, height);
    };
    for (const segment of this.shown.heard) for (const [begin, end] of segment.sack) bar(segment.at, begin, end, "sack", 2);
    for (const segment of this.shown.sent) bar(segment.at, segment.seq, segment.end, segment.again ? "again" : "data", segment.again ? 5 : 3);
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.setLineDash([3 * scale, 3 * scale]);
    const rows = [];
    let last = null;
    for (const mark of this.marks) {
      const at = x(mark.at);
      if (at < chart.bbox.left - 1 || at > chart.bbox.left + chart.bbox.width + 1) continue;
      this.line(chart, at, colour(mark.colour), scale);
      if (last && last.name === mark.name && at - last.at < 60 * scale) continue;
      last = { name: mark.name, at };
      const width = ctx.measureText(mark.name).width;
      const left = Math.min(at + 3 * scale, chart.bbox.left + chart.bbox.width - width - 2);
      // The highest row that is free there.
      let row = rows.findIndex((right) => right < left);
      if (row < 0) row = rows.push(0) - 1;
      rows[row] = left + width + 4 * scale;
      ctx.fillText(mark.name, left, chart.bbox.top + (12 + row * 13) * scale);
    }
    ctx.setLineDash([]);
    if (this.chosen !== null) this.line(chart, x(this.chosen), colour("focus"), 2 * scale);
    ctx.restore();
  }

  line(chart, at, style, width) {
    const { ctx } = chart;
    Object.assign(ctx, { strokeStyle: style, fillStyle: style, lineWidth: width });
    ctx.beginPath();
    ctx.moveTo(at, chart.bbox.top);
    ctx.lineTo(at, chart.bbox.top + chart.bbox.height);
    ctx.stroke();
  }

  // The segment nearest to the cursor.
  point(chart) {
    const { left, top } = chart.cursor;
    this.near = null;
    let best = 30;
    if (left === undefined || left < 0) return;
    const distance = (segment, begin, end) => {
      const above = chart.valToPos(end, "y") - top, below = top - chart.valToPos(begin, "y");
      return Math.hypot(chart.valToPos(segment.at, "x") - left, Math.max(above, below, 0));
    };
    const take = (segment, far) => { if (far < best) { best = far; this.near = segment; } };
    for (const segment of this.shown.sent) take(segment, distance(segment, segment.seq, segment.end));
    for (const segment of this.shown.heard) take(segment, distance(segment, segment.ack, segment.ack));
  }

  // A stretch of time was drawn with the mouse.
  select(chart) {
    const { left, width } = chart.select;
    if (width < 3) return;
    chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.on.zoom(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
  }

  zoom(min, max) {
    if (!this.chart) return;
    this.sight = [min, max];
    this.chart.setScale("x", { min, max });
  }

  choose(at) {
    this.chosen = at;
    if (this.chart) this.chart.redraw(false, false);
  }

  zoomBy(factor, share = 0.5) {
    const [min, max] = this.sight;
    const [first, last] = this.range;
    const width = Math.min(Math.max((max - min) * factor, 1e-6), last - first);
    const left = Math.min(Math.max(min + (max - min - width) * share, first), last - width);
    this.on.zoom(left, left + width);
  }

  moveBy(share) {
    const [min, max] = this.sight;
    const [first, last] = this.range;
    const left = Math.min(Math.max(min + (max - min) * share, first), last - (max - min));
    this.on.zoom(left, left + max - min);
  }

  key(name) {
    if (!this.chart) return false;
    if (name === "+" || name === "=") this.zoomBy(0.5);
    else if (name === "-") this.zoomBy(2);
    else if (name === "ArrowLeft") this.moveBy(-0.25);
    else if (name === "ArrowRight") this.moveBy(0.25);
    else if (name === "0") this.on.zoom(...this.range);
    else return false;
    return true;
  }
}
