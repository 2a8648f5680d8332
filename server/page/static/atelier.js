// The atelier: what editors see, drawn from /v1/admin/atelier. Every text is set as text, never as HTML.
const KEY = "souffleur-token";
const SVG = "http://www.w3.org/2000/svg";
const SHAPES = 3; // colours alone are not enough to tell themes apart
const NUMBERED = 20;
const byId = (id) => document.getElementById(id);
const percent = new Intl.NumberFormat("fr", { style: "percent", maximumFractionDigits: 0 });
const ago = new Intl.RelativeTimeFormat("fr", { numeric: "auto" });
const number = new Intl.NumberFormat("fr");

async function call(method, address) {
  const token = sessionStorage.getItem(KEY) ?? "";
  const response = await fetch(address, { method, headers: { authorization: `Bearer ${token}` } });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(body.detail ?? `Erreur ${response.status}.`), { status: response.status });
  return body;
}

async function open() {
  byId("said").textContent = "";
  try {
    draw(await call("GET", "/v1/admin/atelier"));
    byId("enter").hidden = true;
    byId("atelier").hidden = false;
  } catch (error) {
    const refused = error.status === 401 || error.status === 403;
    if (refused) sessionStorage.removeItem(KEY);
    byId("enter").hidden = false;
    byId("atelier").hidden = true;
    byId("said").textContent = refused ? "Ce jeton n’est pas le bon." : `L’atelier ne s’ouvre pas : ${error.message}`;
  }
}

function draw({ keeps_questions, groups, themes, points, index }) {
  drawGroups(groups, keeps_questions);
  drawMap(themes, points, groups.slice(0, NUMBERED));
  drawIndex(index);
  drawReliability(index.reliability);
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function shape(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function times(count) {
  return `${number.format(count)} fois`;
}

function drawGroups(groups, keepsQuestions) {
  const empty = keepsQuestions ? "Aucune pour l’instant." : "Ce serveur ne garde pas les questions.";
  byId("groups").replaceChildren(...(groups.length ? groups.map(groupItem) : [element("li", {}, element("p", {}, empty))]));
}

function groupItem(group) {
  const [first, ...others] = group.questions;
  const sum = (name) => group.questions.reduce((total, one) => total + one[name], 0);
  const signs = [
    [sum("no_answer"), "sans réponse sûre"],
    [sum("uncertain"), "à vérifier"],
    [sum("judged_useless"), sum("judged_useless") > 1 ? "jugées inutiles" : "jugée inutile"],
  ];
  const item = element(
    "li",
    {},
    element("p", { class: "group-question" }, first.question),
    element("span", { class: "group-times" }, times(group.times)),
    element("p", { class: "group-signs" }, signs.filter(([count]) => count).map(([count, words]) => `${count} ${words}`).join(" · ")),
  );
  if (group.nearest_id) {
    const link = element("a", { href: `/reponses/${encodeURIComponent(group.nearest_id)}` }, group.nearest_title);
    item.append(element("p", { class: "group-nearest" }, "Au plus près : ", link));
  }
  if (others.length) {
    const list = element("ul", {}, ...others.map((one) => element("li", {}, `${one.question} (${times(one.times)})`)));
    item.append(element("details", {}, element("summary", {}, `${others.length} autre${others.length > 1 ? "s" : ""} façon${others.length > 1 ? "s" : ""} de le dire`), list));
  }
  return item;
}

function dot(theme, x, y, size) {
  const kind = `dot t${theme % 9}`;
  if (theme % SHAPES === 1) return shape("rect", { class: kind, x: x - size, y: y - size, width: 2 * size, height: 2 * size });
  if (theme % SHAPES === 2) return shape("path", { class: kind, d: `M${x} ${y - 1.3 * size}l${1.3 * size} ${2.3 * size}h${-2.6 * size}z` });
  return shape("circle", { class: kind, cx: x, cy: y, r: size * 1.1 });
}

function drawMap(themes, points, groups) {
  const map = byId("map");
  const at = ({ x, y }) => [40 + 820 * x, 520 - 480 * y];
  const size = points.length > 400 ? 5 : 8;
  const marks = points.map((point) => {
    const words = `${point.title} (${themes[point.theme]})`;
    const link = shape("a", { href: `/reponses/${encodeURIComponent(point.id)}`, "data-theme": point.theme, "aria-label": words });
    link.append(dot(point.theme, ...at(point), size));
    for (const event of ["pointerenter", "focus"]) link.addEventListener(event, () => (byId("pointed").textContent = words));
    return link;
  });
  const asked = groups.map((group, place) => {
    const [x, y] = at(group);
    const mark = shape("g", { class: "asked" }, shape("circle", { cx: x, cy: y, r: 14 }), shape("text", { x, y: y + 5 }, String(place + 1)));
    mark.addEventListener("pointerenter", () => (byId("pointed").textContent = `${place + 1}. ${group.questions[0].question}`));
    return mark;
  });
  map.replaceChildren(...marks, ...asked);
  byId("legend").replaceChildren(
    ...themes.map((theme, place) => {
      const button = element("button", { type: "button", "aria-pressed": "false" }, shape("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, dot(place, 10, 10, 6.5)), theme);
      button.addEventListener("click", () => choose(button, place));
      return button;
    }),
  );
}

function choose(button, theme) {
  const chosen = button.getAttribute("aria-pressed") !== "true";
  for (const one of byId("legend").children) one.setAttribute("aria-pressed", String(chosen && one === button));
  for (const mark of byId("map").querySelectorAll("[data-theme]")) {
    mark.classList.toggle("faded", chosen && mark.dataset.theme !== String(theme));
  }
}

function drawIndex(index) {
  const hours = 24 * index.age_days;
  const [age, unit] = hours < 1 ? [60 * hours, "minute"] : hours < 24 ? [hours, "hour"] : [index.age_days, "day"];
  const date = new Date(index.built_at).toLocaleString("fr", { dateStyle: "long", timeStyle: "short" });
  const facts = [
    ["Construit", `${date} (${ago.format(-Math.round(age), unit)})`],
    ["Contenu", `${number.format(index.answers)} réponses, ${number.format(index.questions)} questions`],
    ["Erreurs acceptées", `${percent.format(index.risk)} des réponses « très probables »`],
    ["Modèle", index.encoder],
    ["Numéro", index.id],
  ];
  byId("index").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function drawReliability(bins) {
  byId("measured").hidden = !bins.length;
  byId("unmeasured").hidden = bins.length > 0;
  const x = (value) => 50 + 330 * value;
  const y = (value) => 320 - 300 * value;
  const total = bins.reduce((sum, bin) => sum + bin.weight, 0);
  const drawn = [
    shape("path", { class: "axis", d: `M${x(0)} ${y(1)}V${y(0)}H${x(1)}` }),
    shape("path", { class: "ideal", d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}` }),
    shape("text", { x: x(0.5), y: 362, "text-anchor": "middle" }, "Confiance annoncée"),
    shape("text", { x: 58, y: 14 }, "Réponses justes"),
  ];
  for (const tick of [0, 0.5, 1]) {
    drawn.push(shape("text", { x: x(tick), y: 340, "text-anchor": "middle" }, percent.format(tick)));
    drawn.push(shape("text", { x: 44, y: y(tick) + 5, "text-anchor": "end" }, percent.format(tick)));
  }
  for (const bin of bins) {
    drawn.push(shape("circle", { class: "bin", cx: x(bin.confidence), cy: y(bin.right), r: 4 + 22 * Math.sqrt(bin.weight / total) }));
  }
  byId("reliability").replaceChildren(...drawn);
  byId("reliability-table").tBodies[0].replaceChildren(
    ...bins.map((bin) => element("tr", {}, ...[bin.confidence, bin.right, bin.weight / total].map((value) => element("td", {}, percent.format(value))))),
  );
}

function askIfSure(asking) {
  byId("sure").hidden = !asking;
  byId("back").hidden = asking;
  byId(asking ? "rollback-not" : "rollback").focus();
}

byId("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, byId("token").value.trim());
  byId("token").value = "";
  open();
});
byId("leave").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  location.reload();
});
byId("rollback").addEventListener("click", () => askIfSure(true));
byId("rollback-not").addEventListener("click", () => askIfSure(false));
byId("rollback-sure").addEventListener("click", async () => {
  askIfSure(false);
  try {
    await call("POST", "/v1/admin/rollback");
    await open();
    byId("said").textContent = "L’index précédent est en service.";
  } catch (error) {
    const reason = error.status === 409 ? "il n’y a pas d’index précédent en état de servir." : error.message;
    byId("said").textContent = `L’index n’a pas changé : ${reason}`;
  }
});
if (sessionStorage.getItem(KEY)) open();
