// The page with JavaScript: asks for the same HTML that the server gives without, and puts it in place.
import { keepFeedback } from "./feedback.js";
import { answerActions } from "./answer.js";
import { warnOfPersonalData } from "./personal.js";
import { suggestQuestions } from "./suggestions.js";

const form = document.getElementById("ask");
const question = document.getElementById("question");
const announcement = document.getElementById("announcement");
const plainTitle = document.title;
let latest = 0;

async function ask({ body = new URLSearchParams(new FormData(form)), moveFocus = false, remember = "push" } = {}) {
  const number = ++latest;
  document.getElementById("results").setAttribute("aria-busy", "true");
  let reply;
  try {
    const response = await fetch("/fragment", { method: "POST", body, headers: { accept: "text/html" } });
    if (!(response.headers.get("content-type") ?? "").startsWith("text/html")) throw new Error(`${response.status}`);
    reply = await response.text();
  } catch {
    if (number === latest) sayThatItFailed();
    return;
  }
  if (number === latest) show(reply, { moveFocus, remember });
}

function show(html, { moveFocus, remember }) {
  const focused = document.activeElement?.id;
  const open = new Set([...document.querySelectorAll("#filters details[open]")].map((group) => group.id));
  const template = document.createElement("template");
  template.innerHTML = html;
  const area = template.content.getElementById("answer-area");
  for (const group of area.querySelectorAll("#filters details")) group.open ||= open.has(group.id);
  document.getElementById("answer-area").replaceWith(area);

  const title = area.dataset.title;
  document.title = title ? `${title} – Souffleur` : plainTitle;
  form.action = area.dataset.address;
  if (remember) {
    // A question stays in the history of this window; its address has the facets alone.
    const state = askedOn(area);
    const push = remember === "push" && state.q && state.q !== history.state?.q;
    history[push ? "pushState" : "replaceState"](state, "", area.dataset.address);
  }
  const verdict = document.getElementById("verdict");
  if (moveFocus && verdict) {
    announcement.textContent = "";
    verdict.focus({ preventScroll: true });
    if (verdict.getBoundingClientRect().bottom > innerHeight) verdict.scrollIntoView({ block: "nearest" });
  } else {
    document.getElementById(focused)?.focus({ preventScroll: true });
    announcement.textContent = title || "Liste mise à jour.";
  }
}

function sayThatItFailed() {
  const results = document.getElementById("results");
  results.removeAttribute("aria-busy");
  results.querySelector(".failure")?.remove();
  const text = document.createElement("p");
  text.className = "failure warning";
  text.setAttribute("role", "alert");
  text.textContent = navigator.onLine
    ? "Le service ne répond pas. Réessayez dans un instant ; votre question est restée dans le champ."
    : "La connexion est coupée. Réessayez quand elle sera revenue ; votre question est restée dans le champ.";
  results.prepend(text);
}

const suggestions = suggestQuestions(question, document.getElementById("suggestions"), () => form.requestSubmit());
const isPersonal = warnOfPersonalData(question, document.getElementById("warning"), JSON.parse(form.dataset.personal));
suggestions.refuse(isPersonal);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  suggestions.close();
  const button = event.submitter;
  if (button?.name === "q") question.value = button.value;
  const body = new URLSearchParams(new FormData(form));
  if (button?.name === "sans") body.append(button.name, button.value);
  ask({ body, moveFocus: button?.name !== "sans" });
});
document.addEventListener("change", (event) => {
  if (event.target.matches("#filters input")) ask({ remember: "replace" });
});
addEventListener("popstate", (event) => askAgain(event.state ?? { q: "" }));

// "Poser une question" begins anew; a browser would bring the last question back, as it does on a reload.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest?.("a")?.getAttribute("href") !== "/") return;
  event.preventDefault();
  history.pushState({ q: "" }, "", "/");
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
  question.value = state.q;
  const body = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(state)) body.append(name, value);
  ask({ body, remember: null });
}

keepFeedback(document);
answerActions(document);
if (history.state?.q && !document.querySelector("[name=asked]")) askAgain(history.state);
else history.replaceState(askedOn(document), "");
