// Draws the charts of a backtest from the data in the page, and turns the leaves of its table of trades.
"use strict";

(() => {
  const ROWS = 50;
  const LOG_FROM = 4;
  const MANY = 150;
  const data = JSON.parse(document.getElementById("data").textContent);
  const plots = [];

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  // Times in UTC, as everywhere in NIJA.
  function moments(plot, ticks, axis, space, step) {
    return ticks.map((seconds) => {
      const iso = new Date(seconds * 1000).toISOString();
      const dayAndMonth = `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1]}`;
      if (step < 86400) return iso.slice(11, 16) === "00:00" ? dayAndMonth : iso.slice(11, 16);
      if (step < 28 * 86400) return dayAndMonth;
      return step < 360 * 86400 ? `${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(2, 4)}` : iso.slice(0, 4);
    });
  }

  function moment(seconds) {
    return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ").replace(" 00:00", "");
  }

  function compact(value) {
    const size = Math.abs(value);
    return value.toFixed(size >= 1000 || Number.isInteger(value) ? 0 : size >= 1 ? 2 : 4);
  }

  function percentage(value) {
    return `${value.toFixed(Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0)} %`;
  }

  function width(plot, values) {
    return 12 + 7 * (values ?? []).reduce((most, text) => Math.max(most, text.length), 3);
  }

  function options(place, series, written, readout) {
    const font = "12px " + getComputedStyle(document.body).fontFamily;
    const common = { stroke: colour("--soft"), font, ticks: { show: false } };
    return {
      width: place.clientWidth,
      height: place.clientHeight,
      padding: [8, 18, 0, 0],
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false } },
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      axes: [
        { ...common, grid: { show: false }, space: 76, size: 26, gap: 4, values: moments },
        {
          ...common, grid: { stroke: colour("--chart-grid"), width: 1 }, size: width, gap: 6, space: 34,
          values: (plot, ticks) => ticks.map(written),
        },
      ],
      series: [{}, ...series],
      hooks: { setCursor: [(plot) => readout(plot, plot.cursor.idx)] },
    };
  }

  function line(name, more) {
    return { stroke: colour(name), width: 1.75, spanGaps: true, points: { show: false }, ...more };
  }

  function padded(plot, low, high) {
    const room = (high - low) * 0.08 || Math.abs(high) * 0.002 || 1;
    return [low - room, high + room];
  }

  function said(place, text) {
    const readout = place.parentElement.querySelector(".readout");
    if (readout) readout.textContent = text;
  }

  function equity(place, account) {
    const { time, account: own, held } = account.equity;
    const series = [line("--chart", { fill: colour("--chart-fill") })];
    if (held) series.push(line("--chart-held", { width: 1.25 }));
    const settings = options(place, series, compact, (plot, at) => {
      if (at == null) return;
      const beside = held ? `, held ${held[at].toFixed(2)}` : "";
      said(place, `${moment(time[at])}: NIJA ${own[at].toFixed(2)}${beside} ${account.currency}`);
    });
    const values = held ? [...own, ...held] : own;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    // Where one grew manyfold, equal distances are equal factors: else the other would look flat.
    const scale = low > 0 && high / low > LOG_FROM;
    settings.scales = { y: scale ? { distr: 3, range: [low * 0.9, high * 1.1] } : { range: padded } };
    if (scale) {
      settings.axes[1].splits = () => roundValues(low, high);
      settings.axes[1].filter = (plot, splits) => splits;
      place.parentElement.querySelector(".scale").hidden = false;
    }
    return new uPlot(settings, held ? [time, own, held] : [time, own], place);
  }

  function roundValues(low, high) {
    const found = [];
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
      found.push(...[1, 2, 5].map((digit) => digit * power).filter((value) => value >= low && value <= high));
    }
    return found;
  }

  function falls(place, account) {
    const { time, account_fall: own, held_fall: held } = account.equity;
    const series = [line("--bad", { width: 1.25, fill: colour("--chart-fill") })];
    if (held) series.push(line("--chart-held", { width: 1 }));
    const settings = options(place, series, percentage, (plot, at) => {
      if (at == null) return;
      said(place, `${moment(time[at])}: NIJA ${own[at].toFixed(1)} %${held ? `, held ${held[at].toFixed(1)} %` : ""}`);
    });
    settings.scales = { y: { range: (plot, low) => [Math.min(low * 1.1, -1), 0] } };
    return new uPlot(settings, held ? [time, own, held] : [time, own], place);
  }

  function price(place, account, index) {
    const market = account.markets[index];
    const tables = [[market.time, market.close], [market.stop_time, market.stop], market.bought, market.sold];
    const table = uPlot.join(tables);
    const settings = options(
      place,
      [
        line("--chart-price", { width: 1.25 }),
        line("--bad", { width: 1.25, dash: [4, 3], spanGaps: false, paths: stepped }),
        marks(colour("--good"), true),
        marks(colour("--bad"), false),
      ],
      compact,
      (plot, at) => {
        if (at == null) return;
        const words = ["close", "stop", "bought at", "sold at"];
        const values = words.map((word, row) => [word, table[row + 1][at]]).filter(([, value]) => value != null);
        said(place, `${moment(table[0][at])}: ${values.map(([word, value]) => `${word} ${value}`).join(", ")}`);
      },
    );
    settings.scales = { y: { range: padded } };
    return new uPlot(settings, table, place);
  }

  // The stop's times are not the price's: what lies between two of them is not the end of its path.
  function stepped(plot, index, first, last) {
    const path = new Path2D();
    const [times, values] = [plot.data[0], plot.data[index]];
    let y = null;
    for (let at = first; at <= last; at += 1) {
      const value = values[at];
      if (value === undefined) continue;
      const x = plot.valToPos(times[at], "x", true);
      if (value === null) {
        y = null;
        continue;
      }
      const next = plot.valToPos(value, "y", true);
      if (y === null) path.moveTo(x, next);
      else {
        path.lineTo(x, y);
        path.lineTo(x, next);
      }
      y = next;
    }
    return { stroke: path, fill: null, clip: null, band: null, gaps: null, flags: 0 };
  }

  function marks(fill, upwards) {
    return {
      stroke: fill, width: 0, spanGaps: false, paths: () => null,
      points: { show: true, size: 9, fill, stroke: fill, paths: (plot, index) => triangles(plot, index, upwards) },
    };
  }

  function triangles(plot, index, upwards) {
    const path = new Path2D();
    const half = (plot.data[index].filter((value) => value != null).length > MANY ? 2.5 : 4.5) * devicePixelRatio;
    plot.data[index].forEach((value, at) => {
      if (value == null) return;
      const x = plot.valToPos(plot.data[0][at], "x", true);
      const y = plot.valToPos(value, "y", true);
      path.moveTo(x, upwards ? y - half : y + half);
      path.lineTo(x + half, upwards ? y + half : y - half);
      path.lineTo(x - half, upwards ? y + half : y - half);
      path.closePath();
    });
    return { fill: path, stroke: path, clip: null, flags: uPlot.BAND_CLIP_FILL | uPlot.BAND_CLIP_STROKE };
  }

  function order(place, account) {
    const { edges, counts, true: real } = account.order;
    const middles = counts.map((count, at) => (edges[at] + edges[at + 1]) / 2);
    const bars = uPlot.paths.bars({ size: [0.9, 60], gap: 1 });
    const series = { stroke: colour("--chart"), fill: colour("--chart-fill"), width: 1, paths: bars, points: { show: false } };
    const settings = options(place, [series], compact, (plot, at) => {
      if (at == null) return;
      said(place, `${counts[at]} orders with a drawdown of ${edges[at].toFixed(1)} to ${edges[at + 1].toFixed(1)} %`);
    });
    const room = (edges.at(-1) - edges[0]) / 20 || 1;
    const bounds = [Math.min(edges[0], real) - room, Math.max(edges.at(-1), real) + room];
    settings.scales = { x: { time: false, range: () => bounds }, y: { range: (plot, low, high) => [0, high * 1.05] } };
    settings.axes[0].values = (plot, ticks) => ticks.map(percentage);
    settings.cursor.drag.x = false;
    settings.hooks.draw = [(plot) => {
      const x = plot.valToPos(real, "x", true);
      plot.ctx.save();
      plot.ctx.strokeStyle = colour("--bad");
      plot.ctx.lineWidth = 2 * devicePixelRatio;
      plot.ctx.beginPath();
      plot.ctx.moveTo(x, plot.bbox.top);
      plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
      plot.ctx.stroke();
      plot.ctx.restore();
    }];
    return new uPlot(settings, [middles, counts], place);
  }

  const DRAW = { equity, falls, price, order };

  function draw() {
    plots.splice(0).forEach((plot) => plot.destroy());
    for (const place of document.querySelectorAll("[data-plot]")) {
      place.replaceChildren();
      const account = data[Number(place.dataset.account)];
      plots.push(DRAW[place.dataset.plot](place, account, Number(place.dataset.market)));
    }
  }

  function leafThrough(table) {
    const { trades } = data[Number(table.dataset.account)];
    const pager = table.parentElement.nextElementSibling;
    const [back, on] = pager.querySelectorAll("button");
    let first = 0;
    const show = () => {
      table.tBodies[0].replaceChildren(...trades.slice(first, first + ROWS).map(row));
      pager.querySelector("span").textContent =
        `${first + 1} to ${Math.min(first + ROWS, trades.length)} of ${trades.length}`;
      back.disabled = first === 0;
      on.disabled = first + ROWS >= trades.length;
    };
    back.addEventListener("click", () => { first -= ROWS; show(); });
    on.addEventListener("click", () => { first += ROWS; show(); });
    pager.hidden = trades.length <= ROWS;
    show();
  }

  function row(values) {
    const line = document.createElement("tr");
    values.forEach((value, at) => {
      const cell = document.createElement("td");
      cell.textContent = at === 1 || at === 2 ? moment(value) : value;
      if (at > 7) cell.className = value.startsWith("-") ? "bad" : "good";
      if (at < 3 || at === 5) cell.classList.add("text");
      line.append(cell);
    });
    return line;
  }

  draw();
  document.querySelectorAll("table[data-account]").forEach(leafThrough);
  let pending = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => plots.forEach((plot) => {
      const place = plot.root.parentElement;
      plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    }));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
