// Draws the charts: equity with drawdown, and prices with entries, exits and the stop's path.
"use strict";

(() => {
  const REFRESH_MS = 15000;
  const charts = [];

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function axes(size) {
    const ink = colour("--soft");
    const font = "12px " + getComputedStyle(document.body).fontFamily;
    const common = { stroke: ink, font, ticks: { show: false } };
    const grid = { stroke: colour("--chart-grid"), width: 1 };
    return [
      { ...common, grid: { show: false }, space: 76, size: 26, gap: 4, values: moments },
      { ...common, grid, size, gap: 6, space: 34, values: (plot, ticks) => ticks.map(compact) },
    ];
  }

  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  // Times in UTC, as everywhere in NIJA.
  function moments(plot, ticks, axis, space, step) {
    return ticks.map((seconds) => {
      const iso = new Date(seconds * 1000).toISOString();
      const dayAndMonth = `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1]}`;
      if (step < 60) return iso.slice(11, 19);
      if (step < 86400) return iso.slice(11, 16) === "00:00" ? dayAndMonth : iso.slice(11, 16);
      if (step < 28 * 86400) return dayAndMonth;
      return step < 360 * 86400 ? `${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(2, 4)}` : iso.slice(0, 4);
    });
  }

  function compact(value) {
    const size = Math.abs(value);
    const digits = size >= 1000 || Number.isInteger(value) ? 0 : size >= 1 ? 2 : 4;
    return value.toFixed(digits);
  }

  function width(plot, values) {
    const longest = (values ?? []).reduce((most, text) => Math.max(most, text.length), 3);
    return 12 + 7 * longest;
  }

  function options(element, series) {
    return {
      width: element.clientWidth,
      height: element.clientHeight,
      padding: [8, 22, 0, 0],
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      axes: axes(width),
      series: [{}, ...series],
    };
  }

  function equity(element, data) {
    const line = { stroke: colour("--chart"), width: 1.75, fill: colour("--chart-fill"), points: { show: false } };
    const settings = options(element, [line]);
    settings.scales = { y: { range: (plot, low, high) => padded(low, high) } };
    return new uPlot(settings, [data.time, data.equity], element);
  }

  function drawdown(element, data) {
    const line = { stroke: colour("--bad"), width: 1.25, fill: colour("--bad-soft"), points: { show: false } };
    const settings = options(element, [line]);
    settings.scales = { y: { range: (plot, low) => [Math.min(low * 1.15, -1), 0] } };
    settings.axes[1].values = (plot, ticks) => ticks.map((tick) => `${compact(tick)} %`);
    return new uPlot(settings, [data.time, data.drawdown.map((lost) => -100 * lost)], element);
  }

  function price(element, data) {
    const tables = [
      [data.time, data.close],
      [data.stop_time, data.stop],
      [data.entry_time, data.entry],
      [data.exit_time, data.exit],
    ];
    const settings = options(element, [
      { stroke: colour("--chart-price"), width: 1.5, spanGaps: true, points: { show: false } },
      {
        stroke: colour("--chart-stop"), width: 1.5, dash: [5, 4], points: { show: false },
        paths: uPlot.paths.stepped({ align: 1 }),
      },
      marks(colour("--good"), true),
      marks(colour("--bad"), false),
    ]);
    settings.scales = { y: { range: (plot, low, high) => padded(low, high) } };
    return new uPlot(settings, uPlot.join(tables), element);
  }

  function marks(fill, upwards) {
    return {
      stroke: fill, width: 0, spanGaps: false, paths: () => null,
      points: { show: true, size: 10, fill, stroke: fill, paths: (plot, index) => triangles(plot, index, upwards) },
    };
  }

  function triangles(plot, index, upwards) {
    const path = new Path2D();
    const half = 5.5 * devicePixelRatio;
    plot.data[index].forEach((value, at) => {
      if (value == null) return;
      const x = plot.valToPos(plot.data[0][at], "x", true);
      const y = plot.valToPos(value, "y", true);
      const tip = upwards ? y - half : y + half;
      const base = upwards ? y + half : y - half;
      path.moveTo(x, tip);
      path.lineTo(x + half, base);
      path.lineTo(x - half, base);
      path.closePath();
    });
    return { fill: path, stroke: path, clip: null, flags: uPlot.BAND_CLIP_FILL | uPlot.BAND_CLIP_STROKE };
  }

  function padded(low, high) {
    const room = (high - low) * 0.08 || Math.abs(high) * 0.002 || 1;
    return [low - room, high + room];
  }

  const DRAW = { equity, drawdown, price };

  class Chart {
    constructor(figure) {
      this.figure = figure;
      this.places = [...figure.querySelectorAll("[data-plot]")];
      this.note = figure.querySelector("[data-note]");
      this.tag = "";
      this.data = null;
      this.drawn = [];
    }

    async load() {
      const headers = this.tag ? { "If-None-Match": this.tag } : {};
      try {
        const answer = await fetch(this.figure.dataset.src, { headers, cache: "no-store" });
        if (answer.status !== 200) return;
        this.tag = answer.headers.get("ETag") ?? "";
        this.data = await answer.json();
      } catch {
        return; // The page says when the connection is lost.
      }
      this.draw();
    }

    draw() {
      if (!this.data) return;
      if (this.note && this.data.note) this.note.textContent = this.data.note;
      this.drawn.forEach((plot) => plot.destroy());
      this.drawn = [];
      for (const place of this.places) {
        place.replaceChildren();
        if (this.data.time.length < 2) {
          const none = document.createElement("p");
          none.className = "none";
          none.textContent = this.data.none;
          place.append(none);
          continue;
        }
        const kind = place.dataset.plot || this.figure.dataset.chart;
        this.drawn.push(DRAW[kind](place, this.data));
      }
    }

    resize() {
      this.drawn.forEach((plot) => {
        const place = plot.root.parentElement;
        plot.setSize({ width: place.clientWidth, height: place.clientHeight });
      });
    }
  }

  for (const figure of document.querySelectorAll("[data-chart]")) charts.push(new Chart(figure));
  const loadAll = () => charts.forEach((chart) => chart.load());
  loadAll();
  window.setInterval(() => {
    if (document.visibilityState === "visible" && !document.body.classList.contains("is-lost")) loadAll();
  }, REFRESH_MS);
  let pending = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => charts.forEach((chart) => chart.resize()));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((chart) => chart.draw()));
})();
