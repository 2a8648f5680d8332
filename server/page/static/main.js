// The page with JavaScript: asks for the same HTML that the server gives without, and puts it in place.
import { keepFeedback } from "./feedback.js";
import { answerActions, fetchPage, tellWherePrinted, whyItFailed } from "./answer.js";
import { questionField } from "./field.js";
import { warnOfPersonalData } from "./personal.js";
import { suggestQuestions } from "./suggestions.js";

const root = new URL("../", import.meta.url);
const form = document.getElementById("ask");
const line = document.getElementById("question");
const announcement = document.getElementById("announcement");
const site = form.dataset.site;
let latest = 0;
let entry = history.state; // of the history, of what is shown

const suggestions = suggestQuestions(line, document.getElementById("suggestions"), () => form.requestSubmit(), root);
const { isPersonal, warn } = warnOfPersonalData(form, document.getElementById("warning"), JSON.parse(form.dataset.personal));
suggestions.refuse(isPersonal);
const question = questionField(line, { most: Number(form.dataset.most), place: document.getElementById("too-long") });

async function ask({ body = new URLSearchParams(new FormData(form)), moveFocus = false, remember = "push" } = {}) {
  const number = ++latest;
  warn();
  announcement.textContent = "Recherche…";
  document.getElementById("results").setAttribute("aria-busy", "true");
  let reply;
  try {
    reply = await fetchPage(new URL("fragment", root), { method: "POST", body });
  } catch (error) {
    if (number === latest) sayThatItFailed(error, { asked: body.get("q"), remember });
    return;
  }
  if (number === latest) show(reply, { moveFocus, remember });
}

function show(html, { moveFocus, remember }) {
  const focused = document.activeElement;
  const loses = document.getElementById("answer-area").contains(focused);
  const open = new Set([...document.querySelectorAll("#filters details[open]")].map((group) => group.id));
  const template = document.createElement("template");
  template.innerHTML = html;
  const area = template.content.getElementById("answer-area");
  for (const group of area.querySelectorAll("#filters details")) group.open ||= open.has(group.id);
  document.getElementById("answer-area").replaceWith(area);

  const { question: asked, words } = area.dataset;
  document.title = asked || words ? `${asked || words} – ${site}` : `${site} – posez votre question`;
  form.action = area.dataset.address;
  if (remember) enter(askedOn(area), { address: area.dataset.address, push: remember === "push" });
  const verdict = document.getElementById("verdict");
  if (moveFocus && verdict) {
    announcement.textContent = "";
    verdict.focus({ preventScroll: true });
    const first = area.querySelector(".best .prose, .candidate, .none") ?? verdict;
    if (first.getBoundingClientRect().top + 60 > innerHeight) area.scrollIntoView({ block: "start" });
  } else {
    // What had the focus is gone: its like has it now, or what comes first.
    const like = focused.id && document.getElementById(focused.id);
    const next = like || area.querySelector(".chip") || verdict || document.getElementById("results");
    if (loses) next.focus({ preventScroll: true });
    announcement.textContent = words || "Liste mise à jour.";
  }
}

// A question stays in the history of this window; its address has the facets alone.
function enter(state, { address = location.href, push = false } = {}) {
  const isNew = push && state.q && state.q !== entry?.q;
  history[isNew ? "pushState" : "replaceState"](state, "", address);
  entry = state;
}

// What was there answered another question: it goes away. A reload asks again.
function sayThatItFailed(error, { asked, remember }) {
  if (remember) enter({ q: asked }, { push: remember === "push" });
  const results = document.getElementById("results");
  const text = document.createElement("p");
  text.className = "failure warning";
  text.setAttribute("role", "alert");
  text.textContent = `${whyItFailed(error)} ; votre question est restée dans le champ.`;
  announcement.textContent = "";
  results.removeAttribute("aria-busy");
  results.replaceChildren(text);
  document.title = `Sans réponse – ${site}`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  suggestions.close();
  const button = event.submitter;
  if (button?.name === "q") question.value = button.value;
  if (!question.fits()) return question.focus();
  const body = new URLSearchParams(new FormData(form));
  if (button?.name === "sans") body.append(button.name, button.value);
  ask({ body, moveFocus: button?.name !== "sans" });
});
// A further question of a message, with the same choices.
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".also-asked")) return;
  event.preventDefault();
  question.value = event.target.elements.q.value;
  ask({ moveFocus: true });
});
document.addEventListener("change", (event) => {
  if (event.target.matches("#filters input")) ask({ remember: "replace" });
});
addEventListener("popstate", ({ state }) => {
  // A link to a place on this page has an entry of its own.
  if (!state) enter(entry);
  else if (state.q !== entry.q || location.href.split("#")[0] !== form.action) askAgain(state);
});

// "Poser une question" begins anew; a browser would bring the last question back, as it does on a reload.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest?.("a[data-home]");
  if (!link) return;
  event.preventDefault();
  history.pushState({ q: "" }, "", link.href);
  askAgain(history.state);
  question.focus();
});

// What the form would send of the question on the page; with its id, asking it again is not another question.
function askedOn(area) {
  const asked = area.querySelector("[name=asked]")?.value ?? "";
  return { q: asked, asked, query_id: area.querySelector("[name=query_id][form=ask]")?.value ?? "" };
}

// Asks what the history says: the question from its state, the facets from the address.
function askAgain(state) {
  entry = state;
  question.value = state.q;
  const body = new URLSearchParams(location.search);
  body.delete("q");
  for (const [name, value] of Object.entries(state)) body.append(name, value);
  ask({ body, remember: null });
}

keepFeedback(document);
answerActions(document);
tellWherePrinted();
if (history.state?.q && !document.querySelector("[name=asked]")) askAgain(history.state);
// A link may ask by ?q=; the question does not stay in the address.
else enter(askedOn(document), { address: document.getElementById("answer-area").dataset.address + location.hash });
