// The living report: the reader's doubts, weighed with the run's own draws, offline.
// It does what `tidings.reasons.doubting` does; see `tidings.reporting.living` for the data.
(async () => {
  "use strict";
  const run = "the data of the run";
  const place = document.getElementById("living");
  if (!place || !("DecompressionStream" in window)) return;

  // ---- The draws -------------------------------------------------------------------------------
  async function unpacked() {
    const bytes = Uint8Array.from(atob(run.blob), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const raw = new Uint8Array(await new Response(stream).arrayBuffer());
    const found = {};
    let at = 0;
    for (const [name, one] of Object.entries(run.arrays)) {
      const length = one.shape.reduce((a, b) => a * b, 1), size = one.lows ? 2 : 4;
      const planes = raw.subarray(at, (at += length * size)), whole = new Uint8Array(length * size);
      for (let i = 0; i < length; i++) for (let b = 0; b < size; b++) whole[i * size + b] = planes[b * length + i];
      found[name] = one.lows ? shortened(new Uint16Array(whole.buffer), one) : Float64Array.from(new Float32Array(whole.buffer));
    }
    return found;
  }

  function shortened(steps, { shape, lows, each }) {
    const last = shape[shape.length - 1], row = steps.length / lows.length, values = new Float64Array(steps.length);
    for (let i = 0, code = 0; i < steps.length; i++) {
      code = i % last ? (code + steps[i]) & 65535 : steps[i];
      const r = Math.floor(i / row);
      values[i] = code === 65535 ? -Infinity : lows[r] + code * each[r];
    }
    return values;
  }

  const draws = run.draws, now = run.situation, ends = now.ends.length;
  const data = await unpacked();
  const scalar = (number) => data.scalars.subarray(number * draws, (number + 1) * draws);
  const [baseRate, slope, counter, consentSlope, shareOther, noise, storySd] = [0, 1, 2, 3, 4, 5, 6].map(scalar);
  const states = data.factor.length / draws / run.arrays.factor.shape[0];
  const factorAt = (actor, state, d) => data.factor[(actor * draws + d) * states + state];

  // ---- Pressure: see tidings.evidence.pressure ---------------------------------------------------
  function pulsesOf(items) {
    const groups = new Map();
    for (const item of items) {
      const size = item.push * now.weights[0][item.grade[0]] * now.weights[1][item.grade[1]];
      if (!size) continue;
      const named = item.outcomes.some((one) => now.all.includes(one)) ? now.ends : item.outcomes;
      for (const outcome of named) {
        const end = now.ends.indexOf(outcome), key = [item.story, end, size > 0].join("\n");
        if (end < 0) continue;
        if (!groups.has(key)) groups.set(key, []);
        const kept = groups.get(key), before = kept[kept.length - 1];
        if (before && Math.abs(size) <= Math.abs(before.size)) continue;
        if (before) before.until = item.known;
        kept.push({ end, way: size > 0 ? 0 : 1, size, known: item.known, held: item.held, until: Infinity });
      }
    }
    return [...groups.values()].flat().filter((one) => one.until > one.known);
  }

  function summed(pulses, way, end, times) {
    const mine = pulses.filter((one) => one.way === way && one.end === end);
    return times.map((time) => {
      const felt = [];
      for (const one of mine) {
        if (time < one.known || time >= one.until) continue;
        felt.push(Math.abs(one.size) * Math.pow(0.5, Math.max(time - one.held, 0) / now.halfLives[way]));
      }
      felt.sort((a, b) => b - a);
      return felt.slice(0, now.few).reduce((a, b) => a + b, 0);
    });
  }
  const saturated = (sum) => now.most * Math.tanh(sum / now.most);

  const MOMENTS = 7;
  const moments = [];
  for (let i = 0; i + 1 < now.edges.length; i++) {
    const length = now.edges[i + 1] - now.edges[i];
    for (let m = 0; m < MOMENTS; m++) moments.push(now.edges[i] + (length * (m + 0.5)) / MOMENTS);
  }
  function meanPressure(pulses, way, end) {
    const felt = summed(pulses, way, end, moments).map(saturated), means = [];
    for (let i = 0; i < felt.length; i += MOMENTS) {
      const step = i / MOMENTS;
      let sum = 0;
      for (let m = 0; m < MOMENTS; m++) sum += felt[i + m];
      means.push(now.edges[step + 1] > now.edges[step] ? sum / MOMENTS : 0);
    }
    return means;
  }

  // ---- How likely the evidence is: see tidings.mechanism.likelihood -------------------------------
  let neutral = null;
  function neutralRates() {
    if (neutral) return neutral;
    const named = ends - 1;
    neutral = new Float64Array(ends * states * draws);
    const consent = new Float64Array(named);
    for (let state = 0; state < states; state++) {
      for (let d = 0; d < draws; d++) {
        for (let k = 0; k < named; k++) consent[k] = data.precedent[k * draws + d];
        now.pairs.forEach(([actor, k], p) => {
          const x = data.level[p * draws + d] + (actor < 0 ? 0 : factorAt(actor, state, d));
          consent[k] += data.binding[p * draws + d] * (Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))));
        });
        const largest = Math.max(...consent);
        let sum = 0;
        for (let k = 0; k < named; k++) sum += Math.exp(consent[k] - largest);
        const agreement = largest + Math.log(sum) - Math.log1p(-shareOther[d]);
        const all = baseRate[d] * Math.exp(consentSlope[d] * (agreement - now.reference));
        for (let k = 0; k < named; k++) neutral[(k * states + state) * draws + d] = Math.exp(consent[k] - agreement) * all;
        neutral[(named * states + state) * draws + d] = shareOther[d] * all;
      }
    }
    return neutral;
  }

  function addSurvival(total, before, after) {
    const perState = now.years[0].length;
    for (let end = 0; end < ends; end++) {
      const old = [0, 1].map((way) => meanPressure(before, way, end));
      const then = [0, 1].map((way) => meanPressure(after, way, end));
      for (let state = 0; state < states; state++) {
        for (let s = 0; s < perState; s++) {
          const i = state * perState + s, years = now.years[state][s];
          if (!years || (old[0][i] === then[0][i] && old[1][i] === then[1][i])) continue;
          const rates = neutralRates();
          for (let d = 0; d < draws; d++) {
            const factor = Math.exp(slope[d] * then[0][i] - counter[d] * then[1][i]) - Math.exp(slope[d] * old[0][i] - counter[d] * old[1][i]);
            total[d] -= rates[(end * states + state) * draws + d] * factor * years;
          }
        }
      }
    }
  }

  function addReadings(total, group, items, sign) {
    if (!group.length) return;
    const sds = group.map((one) => {
      const item = items[one.item], a = now.sds[0][item.grade[0]], b = now.sds[1][item.grade[1]];
      return Math.sqrt((item.face * item.face + a * a + b * b) * one.times);
    });
    const load = sds.reduce((sum, sd) => sum + 1 / (sd * sd), 0);
    for (let d = 0; d < draws; d++) {
      let along = 0, squares = 0;
      group.forEach((one, r) => {
        let expected = one.actor < 0 ? 0 : factorAt(one.actor, one.state, d);
        for (const [p, weight] of one.levels) expected += weight * data.level[p * draws + d];
        if (one.side >= 0) expected += data.bias[one.side * draws + d];
        const z = (one.y - one.sign * expected) / sds[r];
        along += (one.sign / sds[r]) * z;
        squares += z * z;
      });
      const n2 = noise[d] * noise[d], shared = n2 + storySd[d] * storySd[d] * load, first = (along * along) / load;
      total[d] += sign * -0.5 * (first / shared + (squares - first) / n2 + Math.log(shared) + (group.length - 1) * Math.log(n2));
    }
  }

  function grouped(items) {
    const groups = new Map();
    for (const reading of run.readings) {
      if (!items[reading.item]) continue;
      if (!groups.has(reading.group)) groups.set(reading.group, []);
      groups.get(reading.group).push(reading);
    }
    return groups;
  }

  // ---- Weights: see tidings.reasons.pareto --------------------------------------------------------
  function weightsOf(logs) {
    const equal = { weights: new Float64Array(draws).fill(1), k: 0 };
    const most = logs.reduce((a, b) => Math.max(a, b)), least = logs.reduce((a, b) => Math.min(a, b));
    if (most - least < 1e-9) return equal;
    const shifted = logs.map((one) => one - most), tail = draws > 225 ? Math.trunc(3 * Math.sqrt(draws)) : Math.floor(draws / 5);
    const order = Array.from(shifted.keys()).sort((a, b) => shifted[a] - shifted[b]);
    const largest = order.slice(draws - tail), weights = shifted.map(Math.exp), cutoff = weights[order[draws - tail - 1]];
    let { k, scale } = generalisedPareto(largest.map((i) => weights[i] - cutoff));
    if (Number.isFinite(k) && scale > 0) {
      largest.forEach((i, j) => {
        const left = -Math.log1p(-(j + 0.5) / tail);
        weights[i] = Math.min(cutoff + scale * (k === 0 ? left : Math.expm1(k * left) / k), 1);
      });
    }
    const mean = weights.reduce((a, b) => a + b) / draws;
    const even = weights.map((one) => one / mean);
    const left = draws / even.reduce((a, b) => a + b * b, 0);
    return { weights: even, k: left > 0.98 ? 0 : k };
  }

  function generalisedPareto(excess) {
    const count = excess.length, quartile = excess[Math.trunc(count / 4 + 0.5) - 1];
    if (!(quartile > 0)) return { k: NaN, scale: NaN };
    const grid = 30 + Math.trunc(Math.sqrt(count)), theta = [], shape = [], profile = [];
    for (let i = 1; i <= grid; i++) {
      const t = (1 - Math.sqrt(grid / (i - 0.5))) / (3 * quartile) + 1 / excess[count - 1];
      const s = excess.reduce((sum, x) => sum + Math.log1p(-t * x), 0) / count;
      theta.push(t); shape.push(s); profile.push(count * (Math.log(-t / s) - s - 1));
    }
    const best = Math.max(...profile);
    let plausible = profile.map((one) => Math.exp(one - best));
    const sum = plausible.reduce((a, b) => a + b);
    plausible = plausible.map((one) => one / sum).map((one) => (one >= 10 * 2.220446049250313e-16 ? one : 0));
    const middle = theta.reduce((total, t, i) => total + t * plausible[i], 0) / plausible.reduce((a, b) => a + b);
    const raw = excess.reduce((total, x) => total + Math.log1p(-middle * x), 0) / count;
    const k = (count * raw + 5) / (count + 10);
    return Number.isNaN(k) ? { k: Infinity, scale: NaN } : { k, scale: -raw / middle };
  }

  // ---- The forecast: see tidings.mechanism.incidence ------------------------------------------------
  const steps = now.middles.length, horizons = now.marks.length;
  const neutralAhead = data.neutral.map(Math.exp);
  const coming = (wayEnd, d, s) => (data.arriving.length ? data.arriving[(wayEnd * draws + d) * steps + s] : 0);
  function carried(pulses) {
    const pushed = [];
    for (let end = 0; end < ends; end++) pushed.push([0, 1].map((way) => summed(pulses, way, end, now.middles)));
    const values = new Float64Array((ends + 1) * horizons * draws), each = new Float64Array(ends), ended = new Float64Array(ends);
    for (let d = 0; d < draws; d++) {
      let survival = 1, h = 0;
      ended.fill(0);
      for (let s = 0; s < steps; s++) {
        let sum = 0;
        for (let end = 0; end < ends; end++) {
          const up = pushed[end][0][s] + coming(end, d, s), down = pushed[end][1][s] + coming(ends + end, d, s);
          const news = up || down ? Math.exp(slope[d] * saturated(up) - counter[d] * saturated(down)) : 1;
          each[end] = neutralAhead[(end * draws + d) * steps + s] * news;
          sum += each[end];
        }
        const gone = survival * -Math.expm1(-sum * now.lengths[s]);
        survival -= gone;
        if (sum > 0) for (let end = 0; end < ends; end++) ended[end] += (each[end] * gone) / sum;
        while (h < horizons && now.marks[h] === s + 1) {
          let changed = 0;
          for (let end = 0; end < ends; end++) {
            values[((end + 1) * horizons + h) * draws + d] = ended[end];
            changed += ended[end];
          }
          values[h * draws + d] = 1 - changed;
          h++;
        }
      }
    }
    return values;
  }

  function quantile(values, weights, order, share) {
    let total = 0;
    for (const i of order) total += weights[i];
    let sum = 0;
    for (const i of order) if ((sum += weights[i]) / total >= share - 1e-15) return values[i];
    return values[order[order.length - 1]];
  }
  function middle(values, weights) {
    const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
    return [quantile(values, weights, order, 0.05), quantile(values, weights, order, 0.95)];
  }

  const ownPulses = pulsesOf(run.items), ownGroups = grouped(run.items), one = new Float64Array(draws).fill(1);
  let own = null;

  // doubts: {off: Set of items and stories, grades: Map, shifts: Map of prior to sds}
  function weighed(doubts) {
    if (!own) own = carried(ownPulses);
    const items = run.items.map((item) => {
      if (doubts.off.has(item.id) || doubts.off.has(item.story)) return null;
      return doubts.grades.has(item.id) ? { ...item, grade: doubts.grades.get(item.id) } : item;
    });
    const pulses = pulsesOf(items.filter(Boolean)), groups = grouped(items), logs = new Float64Array(draws);
    for (const name of new Set([...ownGroups.keys()])) {
      const before = ownGroups.get(name), after = groups.get(name) || [];
      if (before.length === after.length && after.every((r) => items[r.item] === run.items[r.item])) continue;
      addReadings(logs, before, run.items, -1);
      addReadings(logs, after, items, 1);
    }
    addSurvival(logs, ownPulses, pulses);
    run.priors.forEach((prior, p) => {
      const shift = doubts.shifts.get(prior.id) || 0;
      for (let d = 0; d < draws; d++) logs[d] += shift * data.z[p * draws + d];
    });
    const { weights, k } = weightsOf(logs), then = carried(pulses);
    return { k, rows: run.outcomes.map((outcome, o) => outcomeRow(outcome, o, weights, then)) };
  }

  function outcomeRow(outcome, o, weights, then) {
    return now.marks.map((_, h) => {
      const from = (outcome.place * horizons + h) * draws, values = new Float64Array(draws);
      const stored = data.stored.subarray((o * run.arrays.stored.shape[1] + h) * draws, (o * run.arrays.stored.shape[1] + h + 1) * draws);
      let mean = 0, before = 0, spread = 0, influence = 0;
      for (let d = 0; d < draws; d++) {
        values[d] = stored[d] + then[from + d] - own[from + d];
        mean += (weights[d] * values[d]) / draws;
        before += stored[d] / draws;
      }
      for (let d = 0; d < draws; d++) influence += (weights[d] * (values[d] - mean)) / draws;
      for (let d = 0; d < draws; d++) spread += (weights[d] * (values[d] - mean) - influence) ** 2 / draws;
      const error = Math.sqrt(spread / Math.min(outcome.effective[h], draws));
      const was = middle(stored, one), is = middle(values, weights);
      const within = (value) => Math.min(Math.max(value, 0), 1);
      return {
        then: outcome.mean[h] + mean - before,
        low: within(outcome.low[h] + is[0] - was[0]),
        high: within(outcome.high[h] + is[1] - was[1]),
        error: outcome.widening[h] * Math.hypot(error, outcome.error[h]),
      };
    });
  }
  // ---- What the reader sees --------------------------------------------------------------------------
  const doubts = { off: new Set(), grades: new Map(), shifts: new Map() };
  let shown = run.headline;

  function make(tag, attributes = {}, ...inside) {
    const element = tag === "svg" || tag === "line" || tag === "circle"
      ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...inside);
    return element;
  }

  // As `tidings.reporting.wording` says them: two digits at most.
  function chance(p) {
    if (p > 0 && p < 0.001) return "<\u00a00.1\u00a0%";
    if (p >= 0.995 && p < 1) return ">\u00a099\u00a0%";
    const percentage = p < 0.1 ? Number((p * 100).toExponential(1)) : p * 100;
    const digits = percentage >= 10 || percentage === 0 ? 0 : 1 - Math.floor(Math.log10(percentage));
    return `${percentage.toFixed(digits)}\u00a0%`;
  }
  const range = (low, high) => `${low >= 0.001 && low < 0.995 ? chance(low).replace("\u00a0%", "") : chance(low)} to ${chance(high)}`;
  const points = (value) => (Math.abs(value) < 0.0005 ? "0" : (value > 0 ? "+" : "\u2212") + Math.abs(value * 100).toFixed(1));

  const MARKS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99], odds = (p) => Math.log(p / (1 - p));
  const LOW = odds(MARKS[0]), HIGH = odds(MARKS.at(-1));
  const onScale = (p) => 4 + (112 * (odds(Math.min(Math.max(p, MARKS[0]), MARKS.at(-1))) - LOW)) / (HIGH - LOW);
  function strip(published, row, place) {
    const drawn = make("svg", { viewBox: "0 0 120 16", "aria-hidden": "true", class: `strip k${place}` });
    for (const p of MARKS) drawn.append(make("line", { x1: onScale(p), x2: onScale(p), y1: 1, y2: 15, class: "tick" }));
    drawn.append(
      make("line", { x1: onScale(row.low), x2: onScale(row.high), y1: 8, y2: 8, class: "reach" }),
      make("circle", { cx: onScale(published), cy: 8, r: 4, class: "before" }),
      make("circle", { cx: onScale(row.then), cy: 8, r: 3.4, class: "now" }),
    );
    return drawn;
  }

  const body = make("tbody"), light = make("p", { class: "light", role: "status" }), command = make("code");
  function show() {
    const { k, rows } = weighed(doubts);
    const any = doubts.off.size || doubts.grades.size || [...doubts.shifts.values()].some(Boolean);
    const far = k > run.limit || Number.isNaN(k);
    body.replaceChildren(...run.outcomes.map((outcome, o) => {
      const row = rows[o][shown], change = row.then - outcome.mean[shown];
      const error = Math.max(0.1, row.error * 100).toFixed(1);
      return make("tr", { "data-outcome": outcome.id, "data-then": row.then, "data-low": row.low, "data-high": row.high, "data-error": row.error },
        make("th", { scope: "row" }, outcome.title),
        make("td", {}, make("strong", {}, chance(row.then))),
        make("td", {}, any ? `${points(change)} ± ${error}` : "as published"),
        make("td", {}, range(row.low, row.high), strip(outcome.mean[shown], row, o % 7)));
    }));
    const says = !any ? "As published: nothing is doubted."
      : far ? "Too far from the fitted model: these numbers cannot be trusted. Make the forecast anew with the command below."
      : k > 0.5 ? "Rather far from the fitted model: the error is larger, but the numbers can be used."
      : "Close to the fitted model: the numbers can be trusted within the error shown.";
    light.className = `light ${!any ? "none" : far ? "red" : k > 0.5 ? "amber" : "green"}`;
    light.dataset.k = k;
    light.replaceChildren(make("span", { class: "lamp", "aria-hidden": "true" }), any ? `${says} (Pareto k ${k.toFixed(2)})` : says);
    const flags = [...doubts.off].map((one) => `--without ${one}`).concat([...doubts.grades].map(([id, grade]) => `--graded ${id}=${grade}`),
      [...doubts.shifts].filter(([, shift]) => shift).map(([id, shift]) => `--shift ${id}=${shift > 0 ? "+" : ""}${shift}`));
    command.textContent = `tidings preview ${run.run} ${flags.join(" ")} --refit`;
    command.parentElement.hidden = !any;
  }
  let waiting = 0;
  const changed = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(show); };

  const boxes = new Map(), selects = [], sliders = [];
  function box(id, label, detail) {
    const input = make("input", { type: "checkbox", checked: true, value: id, onchange: () => {
      if (input.checked) doubts.off.delete(id); else doubts.off.add(id);
      changed();
    } });
    boxes.set(id, input);
    return make("label", {}, input, " ", make("span", {}, label, ...(detail ? [make("small", {}, detail)] : [])));
  }
  function grade(item) {
    const select = make("select", { "aria-label": `Grade of ${item.says}`, onchange: () => {
      if (select.value === item.grade) doubts.grades.delete(item.id); else doubts.grades.set(item.id, select.value);
      changed();
    } });
    for (const first of Object.keys(now.weights[0])) for (const second of Object.keys(now.weights[1])) {
      const value = first + second;
      select.append(make("option", { value, selected: value === item.grade }, value === item.grade ? `${value} (as graded)` : value));
    }
    selects.push([select, item.grade]);
    return make("span", { class: "grade" }, "grade ", select);
  }
  function story(one) {
    const items = run.items.filter((item) => item.story === one.id).reverse();
    const heading = box(one.id, one.label, items[0].says);
    const inside = items.map((item) => make("li", {}, items.length > 1 ? box(item.id, item.says, item.words) : make("span", {}, item.words), " ", grade(item)));
    const title = items.length > 1 ? `${items.length} items, and their grades` : "its grade";
    return make("li", { class: "story" }, heading, make("details", {}, make("summary", {}, title), make("ul", {}, ...inside)));
  }
  function natural(prior, shift) {
    const value = prior.mean + shift * prior.sd;
    if (prior.link === "identity") return value.toPrecision(2);
    return prior.link === "log" ? Number(Math.exp(value).toPrecision(2)).toString() : chance(1 / (1 + Math.exp(-value)));
  }
  function slider(prior) {
    const told = make("output", {});
    const tell = () => { const shift = Number(input.value); told.textContent = `middle ${natural(prior, shift)}${shift ? `, ${shift > 0 ? "+" : "\u2212"}${Math.abs(shift)} sd` : ", as given"}`; };
    const input = make("input", { type: "range", min: -2, max: 2, step: 0.25, value: 0, oninput: () => {
      doubts.shifts.set(prior.id, Number(input.value));
      tell();
      changed();
    } });
    input.dataset.prior = prior.id;
    sliders.push([input, tell]);
    tell();
    return make("label", { class: "prior" }, make("span", {}, prior.words), input, told);
  }
  function reset() {
    doubts.off.clear(); doubts.grades.clear(); doubts.shifts.clear();
    for (const input of boxes.values()) input.checked = true;
    for (const [select, value] of selects) select.value = value;
    for (const [input, tell] of sliders) { input.value = 0; tell(); }
    changed();
  }

  const leading = run.stories.filter((one) => one.leads), others = run.stories.filter((one) => !one.leads);
  const horizon = make("select", { onchange: () => { shown = Number(horizon.value); changed(); } },
    ...run.horizons.map((day, h) => make("option", { value: h, selected: h === run.headline }, day)));
  const table = make("table", {},
    make("caption", {}, "Dot and line: with your doubts, and the middle 90 % of the draws, on a scale that is wider where chances are small or nearly certain (marks at 0.1, 1, 10, 50, 90 and 99 %); ring: as published. ± is how far a forecast made anew may be from it."),
    make("thead", {}, make("tr", {}, ...["Outcome", "Chance", "Change, points", "Range"].map((word) => make("th", { scope: "col" }, word)))), body);
  const more = make("details", {}, make("summary", {}, `${others.length} more stories`));
  more.addEventListener("toggle", () => { if (more.open && more.children.length === 1) more.append(make("ul", {}, ...others.map(story))); });
  place.append(
    make("h2", { id: "doubt" }, "Doubt it yourself"),
    make("p", {}, "Switch off what you do not believe, grade it otherwise, or move a prior: every chance is weighed again at once, with the draws of this forecast, on this page alone. Nothing is sent, and nothing is kept."),
    make("div", { class: "living" },
      make("div", { class: "answers" },
        make("p", { class: "choices" }, make("label", {}, "The status by ", horizon), " ", make("button", { type: "button", onclick: reset }, "Believe all again")),
        table, light, make("p", { class: "command", hidden: true }, command)),
      make("div", { class: "doubts" },
        make("fieldset", {}, make("legend", {}, "News that you believe"), make("ul", {}, ...leading.map(story)), ...(others.length ? [more] : [])),
        ...(run.priors.length ? [make("fieldset", {}, make("legend", {}, "Priors that move it most"), ...run.priors.map(slider))] : []))),
  );
  place.hidden = false;
  const contents = document.querySelector(".contents ul li:nth-child(1)");
  if (contents) contents.after(make("li", {}, make("a", { href: "#doubt" }, "Doubt it yourself")));
  show();
})();
