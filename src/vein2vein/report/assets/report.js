(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const rules = JSON.parse(one("#rules").textContent);
  const parsed = new Map();
  let language = "en";
  let current = null;

  const messages = JSON.parse(one("#messages").textContent);
  const tags = { en: "en", zh: "zh-Hans" };

  // A message of the catalogue with its gaps filled in.
  function say(key, gaps = {}) {
    return messages[language][key].replace(/\{(\w+)\}/g, (_, name) => gaps[name]);
  }

  // A text of a course in the chosen language; a plain string is the same in all.
  function told(text) {
    return Array.isArray(text) ? text[language === "en" ? 0 : 1] : text;
  }

  function make(name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === true) node.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  // Text of a rule file in the chosen language; English, marked as such, where it has no other.
  function worded(texts, name = "span") {
    const has = texts && texts[language];
    const shown = texts ? (texts[language] || texts.en || "") : "";
    return make(name, { lang: has ? tags[language] : "en" }, shown);
  }

  function dataOf(course) {
    if (!parsed.has(course)) {
      const script = one(`#course-${course}-data`);
      parsed.set(course, script ? JSON.parse(script.textContent) : null);
    }
    return parsed.get(course);
  }

  // ---- pages -------------------------------------------------------------------------------------------------
  function show(id, moveFocus) {
    const pages = all(".page");
    const page = pages.find((p) => p.id === id) || pages[0];
    for (const other of pages) other.hidden = other !== page;
    const heading = one("h1", page);
    document.title = heading.textContent;
    if (moveFocus) heading.focus({ preventScroll: true });
    window.scrollTo({ top: 0, behavior: "instant" });
    if (page.classList.contains("course")) openFirst(page);
  }

  function route(moveFocus) {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    const page = target && target.closest(".page");
    show(page ? page.id : "cohort", moveFocus);
    if (target && page && target !== page) {
      if (target.tagName === "DETAILS") target.open = true;
      target.scrollIntoView();
    }
  }

  // ---- reasons -----------------------------------------------------------------------------------------------
  function numberOf(page) { return Number(page.id.split("-")[1]); }

  function openFirst(page) {
    const view = one(".lanes:not([hidden])", page);
    const ribbon = view && one(".ribbon", view);
    if (ribbon && !one(".reasons h2", page)) {
      choose(numberOf(page), Number(ribbon.dataset.scale), Number(ribbon.dataset.worst), false);
    }
  }

  function scaleOf(data, place) { return data.scales.find((scale) => scale.r === place); }

  function choose(course, place, index, scroll) {
    const data = dataOf(course);
    const steps = scaleOf(data, place).s;
    if (!steps.length) return;
    const step = Math.max(0, Math.min(steps.length - 1, index));
    current = { course, place, step };
    const page = one(`#course-${course}`);
    for (const ribbon of all(".ribbon", page)) {
      const mine = Number(ribbon.dataset.scale) === place;
      ribbon.classList.toggle("chosen", mine);
      if (mine) {
        ribbon.setAttribute("aria-valuenow", step + 1);
        ribbon.setAttribute("aria-valuetext", sentence(data, steps[step]));
      }
    }
    mark(page, steps[step]);
    fill(one(".reasons", page), data, place, step);
    if (scroll && window.matchMedia("(max-width:1179px)").matches) one(".reasons", page).scrollIntoView();
  }

  function mark(page, step) {
    for (const view of all(".lanes", page)) {
      const start = Number(view.dataset.start), end = Number(view.dataset.end);
      const share = (hours) => Math.max(0, Math.min(1, (hours - start) / (end - start)));
      view.classList.add("chosen");
      view.style.setProperty("--from", share(step.a));
      view.style.setProperty("--to", share(step.b === null ? step.a : step.b));
    }
  }

  const when = (at) => say("when_is", { day: at[0], time: at[1] });

  function lasting(data, step) {
    const gaps = { from: when(step.f), date: told(data.texts[step.d]), to: step.u ? when(step.u) : "" };
    return say(step.u ? "from_to" : "from_open", gaps);
  }

  function headline(data, step) {
    const lacks = step.k.map((i) => told(data.texts[i]));
    const result = told(data.texts[step.t]);
    return lacks.length ? say("result_lacks", { result, lacks: lacks.join(say("between")) }) : result;
  }

  function sentence(data, step) { return say("sentence", { result: headline(data, step), when: lasting(data, step) }); }

  function fill(panel, data, place, index) {
    const rule = rules[place], steps = scaleOf(data, place).s, step = steps[index];
    const lacks = step.k.map((i) => told(data.texts[i]));
    panel.replaceChildren(...[
      make("h2", {}, headline(data, step)),
      make("p", {}, lasting(data, step)),
      make("p", { class: "hint" }, worded(rule.title), " · ", say("encoded", { version: rule.encoding }), " ",
        badge(rule.status)),
      navigation(place, index, steps.length),
      scaleWords(rule, step),
      missingWords(data, rule, step, lacks),
      criteriaTable(rule, step),
      inputTable(data, rule, step),
      flagList(rule, step),
      withoutRows(data, rule, step),
      choices(rule),
      sources(rule),
    ].filter(Boolean));
    panel.scrollTop = 0;
  }

  function badge(status) {
    return make("span", { class: `badge ${status === "verified" ? "good" : "warn"}` }, say(`status_${status}`));
  }

  function navigation(place, index, count) {
    const go = (to, label, off) => {
      const button = make("button", { type: "button", disabled: off, "data-go": to }, label);
      button.addEventListener("click", () => {
        choose(current.course, place, to, false);
        const again = one(`.reasons button[data-go="${to + (to > index ? 1 : -1)}"]`, one(`#course-${current.course}`));
        if (again && !again.disabled) again.focus();
        else one(`#course-${current.course}-reasons`).focus({ preventScroll: true });
      });
      return button;
    };
    // on a narrow screen the reasons stand below the charts
    const charts = make("button", { type: "button", class: "to-charts" }, `↑ ${say("charts")}`);
    charts.addEventListener("click", () => {
      const ribbon = one(`.lanes:not([hidden]) .ribbon[data-scale="${place}"]`, one(`#course-${current.course}`));
      if (ribbon) ribbon.focus({ preventScroll: true });
      (ribbon || one(`#course-${current.course}`)).scrollIntoView({ block: "center" });
    });
    return make("div", { class: "steps-nav no-print" },
      go(index - 1, `← ${say("before")}`, index === 0),
      go(index + 1, `${say("after")} →`, index === count - 1),
      charts,
      make("span", { class: "hint" }, say("step_of", { step: index + 1, steps: count })));
  }

  function colour(rule, value) {
    if (rule.kind === "grade") return `grade-${Math.max(0, Math.min(5, value))}`;
    return value <= rule.low ? "grade-0" : "grade-3";
  }

  function caseWords(rule, value) {
    if (rule.cases[value]) return worded(rule.cases[value]);
    const band = rule.bands.filter((entry) => entry[0] <= value).pop();
    if (band) return worded(band[1]);
    return make("span", {}, say("otherwise"));
  }

  function scaleWords(rule, step) {
    const line = (value, note) => make("div", { class: "grade-line" },
      make("span", { class: `result ${colour(rule, value)}` }, String(value)),
      make("div", {}, caseWords(rule, value), note ? make("small", {}, note) : null));
    const open = step.l !== step.h;
    const inside = Object.keys(rule.cases).map(Number).filter((value) => value > step.l && value < step.h);
    return make("div", {}, make("h3", {}, say("says")),
      line(step.l, open ? say("lowest") : ""),
      ...inside.sort((a, b) => a - b).map((value) => line(value, say("highest"))),
      open ? line(step.h, say("highest")) : null);
  }

  function missingWords(data, rule, step, lacks) {
    if (!lacks.length) return step.l === step.h ? make("p", { class: "hint" }, say("nothing")) : null;
    const items = lacks.map((phrase) => make("li", {}, phrase));
    const names = step.m.map((i) => rule.inputs[i][language]).join(say("between"));
    return make("div", { class: "missing" }, make("h3", {}, say("missing")), make("ul", {}, ...items),
      names ? make("p", { class: "source" }, say("listed", { name: say("input"), names })) : null);
  }

  const truths = { T: ["true", "✓"], F: ["false", "✕"], U: ["unknown", "?"] };

  function criteriaTable(rule, step) {
    const order = [...step.c].map((letter, i) => ({ letter, i, decided: step.x.includes(i) }));
    order.sort((a, b) => b.decided - a.decided || "TUF".indexOf(a.letter) - "TUF".indexOf(b.letter) || a.i - b.i);
    const rows = order.map(({ letter, i, decided }) => {
      const entry = rule.criteria[i], [name, sign] = truths[letter];
      return make("tr", {},
        make("th", { scope: "row" }, worded(entry.label), worded(entry.means, "small"),
          entry.note ? worded(entry.note, "small") : null),
        make("td", {}, make("span", { class: `truth ${name}` }, `${sign} ${say(letter)}`),
          decided ? make("small", {}, say("deciding")) : null));
    });
    if (!rows.length) return null;
    const head = make("tr", {}, ...["criterion", "judged"].map((key) => make("th", { scope: "col" }, say(key))));
    return make("div", {}, make("h3", {}, say("criteria")),
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
  }

  function rowItem(data, place) {
    const [what, says, at, source] = data.rows[place];
    const gaps = { what: told(data.texts[what]), says: told(data.texts[says]), when: told(data.texts[at]) };
    return make("li", {}, say("row_said", gaps), " ",
      make("small", {}, source ? `(${say("row", { source })})` : `(${say("absent")})`));
  }

  function inputTable(data, rule, step) {
    const missing = new Set(step.m);
    const used = step.n.map((entry, i) => ({ entry, i })).filter(({ entry }) => entry.length > 2);
    used.sort((a, b) => missing.has(b.i) - missing.has(a.i) || a.i - b.i);
    const rows = used.map(({ entry, i }) => make("tr", {},
      make("th", { scope: "row" }, rule.inputs[i][language], make("small", {}, rule.inputs[i].from[language])),
      make("td", {}, told(data.texts[entry[0]])),
      make("td", {}, make("ul", { class: "row-list" }, ...entry.slice(2).map((p) => rowItem(data, p))))));
    if (!rows.length) return null;
    const head = make("tr", {}, ...["input", "value", "rows"].map((key) => make("th", { scope: "col" }, say(key))));
    return make("div", {}, make("h3", {}, say("inputs")),
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
  }

  function flagList(rule, step) {
    if (!step.g.length) return null;
    const items = step.g.map((i) => make("li", {}, worded(rule.flags[i])));
    return make("div", {}, make("h3", {}, say("flags")), make("ul", {}, ...items));
  }

  function withoutRows(data, rule, step) {
    const items = step.n.map((entry, i) => ({ entry, i })).filter(({ entry }) => entry.length === 2)
      .map(({ entry, i }) => make("li", {},
        say("input_is", { name: rule.inputs[i][language], value: told(data.texts[entry[0]]) })));
    return folded(say("without", { n: items.length }), items.length ? make("ul", {}, ...items) : null);
  }

  function choices(rule) {
    const items = rule.parameters.map(([title, value, status]) =>
      make("li", {}, worded(title), say("colon"), make("strong", { lang: "en" }, value), " ", badge(status)));
    return folded(say("choices", { n: items.length }), items.length ? make("ul", {}, ...items) : null);
  }

  function sources(rule) {
    const items = rule.sources.map(([reference, locator, read]) =>
      make("li", { class: "source" }, make("span", { lang: "en" }, `${reference} ${locator}`), ` (${say(`read_${read}`)}).`));
    return make("div", {}, make("h3", {}, say("source")), make("ul", {}, ...items));
  }

  function folded(title, body) {
    return body ? make("details", {}, make("summary", {}, title), body) : null;
  }

  // ---- ribbons: pointer and keyboard -------------------------------------------------------------------------
  const share = { left: 0, plot: 1 };
  function readGeometry() {
    const style = getComputedStyle(document.documentElement);
    share.left = parseFloat(style.getPropertyValue("--left")) / 100;
    share.plot = parseFloat(style.getPropertyValue("--plot")) / 100;
  }

  function hoursAt(view, box, clientX) {
    const part = ((clientX - box.left) / box.width - share.left) / share.plot;
    const start = Number(view.dataset.start), end = Number(view.dataset.end);
    return start + part * (end - start);
  }

  function stepAt(steps, hours) {
    let found = 0, nearest = Infinity;
    steps.forEach((step, i) => {
      const end = step.b === null ? step.a : step.b;
      const away = hours < step.a ? step.a - hours : hours >= end ? hours - end : -1;
      if (away < nearest) { nearest = away; found = i; }
    });
    return found;
  }

  function wireRibbon(ribbon) {
    const page = ribbon.closest(".page"), course = numberOf(page), place = Number(ribbon.dataset.scale);
    const view = ribbon.closest(".lanes");
    const at = () => (current && current.course === course && current.place === place
      ? current.step : Number(ribbon.dataset.worst));
    ribbon.addEventListener("click", (event) => {
      const hours = hoursAt(view, ribbon.getBoundingClientRect(), event.clientX);
      choose(course, place, stepAt(scaleOf(dataOf(course), place).s, hours), true);
    });
    ribbon.addEventListener("keydown", (event) => {
      const last = scaleOf(dataOf(course), place).s.length - 1;
      const moves = {
        ArrowRight: at() + 1, ArrowUp: at() + 1, ArrowLeft: at() - 1, ArrowDown: at() - 1,
        Home: 0, End: last, PageUp: at() + 5, PageDown: at() - 5, Enter: at(), " ": at(),
      };
      if (!(event.key in moves)) return;
      event.preventDefault();
      choose(course, place, moves[event.key], event.key === "Enter" || event.key === " ");
      if (event.key === "Enter") one(".reasons", page).focus();
    });
  }

  function wireCursor(view) {
    const line = one(".cursor", view);
    view.addEventListener("pointermove", (event) => {
      const chart = one(".ribbon, figure", view);
      if (!chart) return;
      const box = chart.getBoundingClientRect(), hours = hoursAt(view, box, event.clientX);
      const inside = hours >= Number(view.dataset.start) && hours <= Number(view.dataset.end);
      line.classList.toggle("on", inside);
      if (!inside) return;
      line.style.left = `${event.clientX - view.getBoundingClientRect().left + view.scrollLeft}px`;
      line.classList.toggle("left", event.clientX > box.left + box.width * 0.8);
      line.dataset.at = say("hours", { hours: hours.toFixed(0).replace("-", "−") });
    });
    view.addEventListener("pointerleave", () => line.classList.remove("on"));
  }

  // ---- table twins -------------------------------------------------------------------------------------------
  const ROWS_AT_ONCE = 2000;
  function wireTwin(twin) {
    twin.addEventListener("toggle", () => {
      const figure = twin.parentElement;
      if (twin.open && !one("table", twin)) twin.append(twinTable(twin));
      figure.style.setProperty("--twin", `${twin.getBoundingClientRect().height}px`);
    });
  }

  function twinTable(twin) {
    const data = dataOf(Number(twin.dataset.course)), key = twin.dataset.panel;
    const groups = data.groups[key] || [key];
    const places = groups.flatMap((group) => data.panels[group] || []).sort((a, b) => a - b);
    const rows = places.slice(0, ROWS_AT_ONCE).map((place) => {
      const [what, says, at, source] = data.rows[place];
      return make("tr", {}, make("th", { scope: "row" }, told(data.texts[at])), make("td", {}, told(data.texts[what])),
        make("td", {}, told(data.texts[says])), make("td", {}, source || say("not_given")));
    });
    const columns = ["when", "what", "says_value", "source_row"];
    const head = make("tr", {}, ...columns.map((column) => make("th", { scope: "col" }, say(column))));
    const name = one("summary", twin).textContent, all = places.length;
    const caption = all > ROWS_AT_ONCE ? say("first_rows", { name, shown: ROWS_AT_ONCE, all }) : name;
    const table = make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...rows));
    return make("div", { class: "wide", role: "region", tabindex: "0", "aria-label": name }, table);
  }

  // ---- list of courses ---------------------------------------------------------------------------------------
  function wireFilters() {
    const form = one("#filters");
    if (!form) return;
    const body = one("#course-table tbody"), lines = [...body.rows];
    lines.forEach((line, i) => { line.place = i; line.peaks = JSON.parse(line.dataset.peaks); });
    const value = (id) => one(`#filter-${id}`).value;
    const reach = (line, scale, bound) => {
      const wanted = scale === "" ? line.peaks.filter((p, i) => rules[i].kind === "grade") : [line.peaks[Number(scale)]];
      return Math.max(-1, ...wanted.map((peak) => (peak ? peak[bound === "low" ? 0 : 1] : -1)));
    };
    const apply = () => {
      const scale = value("scale"), grade = Number(value("grade")), bound = value("bound");
      const needle = value("text").trim().toLowerCase();
      let shown = 0;
      for (const line of lines) {
        const fits = (grade === 0 || reach(line, scale, bound) >= grade)
          && line.dataset.id.toLowerCase().includes(needle);
        line.hidden = !fits;
        shown += fits ? 1 : 0;
      }
      const orders = {
        worst: (a, b) => (scale === "" ? a.place - b.place
          : reach(b, scale, "low") - reach(a, scale, "low") || reach(b, scale, "high") - reach(a, scale, "high")
            || a.place - b.place),
        open: (a, b) => Number(b.dataset.open) - Number(a.dataset.open) || a.place - b.place,
        id: (a, b) => a.dataset.id.localeCompare(b.dataset.id, "en", { numeric: true }),
      };
      body.append(...[...lines].sort(orders[value("order")]));
      one("#course-count").textContent = say("courses_shown", { shown, all: lines.length });
    };
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    afterSwitch.push(apply);
    apply();
  }

  // ---- switches ----------------------------------------------------------------------------------------------
  // Elements carry English as their content and other languages in attributes. The English is put into an attribute of
  // its own before the first switch; `attribute` is empty for the content, else the name of an attribute.
  const carried = ["", "aria-label", "aria-valuetext", "title"];
  function speak(to) {
    for (const attribute of carried) {
      const ending = attribute ? `-${attribute}` : "";
      for (const part of all(`[data-zh${ending}]`)) {
        const read = () => (attribute ? part.getAttribute(attribute) : part.textContent);
        if (!part.hasAttribute(`data-en${ending}`)) part.setAttribute(`data-en${ending}`, read());
        const text = part.getAttribute(`data-${to}${ending}`);
        if (attribute) part.setAttribute(attribute, text);
        else part.textContent = text;
      }
    }
  }

  const afterSwitch = [];
  function switchTo(to) {
    if (to === language) return;
    language = to;
    document.documentElement.lang = tags[to];
    speak(to);
    for (const button of all("[data-wording]")) button.setAttribute("aria-pressed", button.dataset.wording === to);
    const page = one(".page:not([hidden])");
    document.title = one("h1", page).textContent;
    for (const done of afterSwitch) done();
    for (const panel of all(".reasons")) if (one("h2", panel)) panel.replaceChildren();
    for (const twin of all(".twin")) {
      const table = one(".wide", twin);
      if (table) table.remove();
      if (twin.open) twin.append(twinTable(twin));
    }
    if (current && numberOf(page) === current.course) choose(current.course, current.place, current.step, false);
    else if (page.classList.contains("course")) openFirst(page);
  }

  function wireWording() {
    for (const button of all("[data-wording]")) button.addEventListener("click", () => switchTo(button.dataset.wording));
  }

  function wireTheme() {
    const button = one("#theme"), dark = window.matchMedia("(prefers-color-scheme:dark)");
    const set = (on) => {
      document.documentElement.dataset.theme = on ? "dark" : "light";
      button.setAttribute("aria-pressed", on);
    };
    set(dark.matches);
    button.addEventListener("click", () => set(document.documentElement.dataset.theme !== "dark"));
  }

  function wireViews() {
    for (const button of all("button[data-view]")) {
      button.addEventListener("click", () => {
        const page = button.closest(".page");
        for (const other of all("button[data-view]", page)) other.setAttribute("aria-pressed", other === button);
        for (const view of all(".lanes", page)) view.hidden = view.dataset.view !== button.dataset.view;
      });
    }
  }

  function wirePrint() {
    one("#print").addEventListener("click", () => window.print());
    const opened = new Set();
    window.addEventListener("beforeprint", () => {
      for (const part of all(".reasons details, details.scale")) {
        if (!part.open) { part.open = true; opened.add(part); }
      }
    });
    window.addEventListener("afterprint", () => { for (const part of opened) part.open = false; opened.clear(); });
  }

  for (const ribbon of all(".ribbon")) wireRibbon(ribbon);
  for (const view of all(".lanes")) wireCursor(view);
  for (const twin of all(".twin")) wireTwin(twin);
  for (const button of all(".why")) {
    button.addEventListener("click", () => {
      choose(Number(button.dataset.course), Number(button.dataset.scale), Number(button.dataset.step), false);
      const panel = one(`#course-${button.dataset.course}-reasons`);
      panel.focus({ preventScroll: true });
      panel.scrollIntoView({ block: "nearest" });
    });
  }
  readGeometry();
  wireFilters();
  wireWording();
  wireTheme();
  wireViews();
  wirePrint();
  window.addEventListener("hashchange", () => route(true));
  route(false);
  switchTo(document.documentElement.dataset.opens);
})();
