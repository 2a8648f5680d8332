// The list of answers is filtered while typing, by the server: with the same words as without JavaScript.
import { fetchPage, whyItFailed } from "./answer.js";

const PAUSE_MS = 200;

const form = document.querySelector("form.sift");
const field = form.querySelector("input");
const found = document.getElementById("found");
let timer = 0;
let latest = 0;

async function sift() {
  const number = ++latest;
  // The words are in no address; a reload, and the way back from an answer, find them in the history.
  history.replaceState({ words: field.value }, "");
  let html;
  try {
    html = await fetchPage(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  } catch (error) {
    if (number === latest) found.textContent = `${whyItFailed(error)} ; la liste est restée comme elle était.`;
    return;
  }
  if (number !== latest) return;
  const sifted = new DOMParser().parseFromString(html, "text/html");
  document.getElementById("list").replaceWith(sifted.getElementById("list"));
  // What announces stays in place: another element that begins with its words is not read out.
  found.replaceChildren(...sifted.getElementById("found").childNodes);
}

field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(sift, PAUSE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  sift();
});
// A link to the list as it is begins anew; a browser would bring the words back, as it does on a reload.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("a")?.href === location.href) history.replaceState(null, "");
});
if (history.state?.words) {
  field.value = history.state.words;
  sift();
}
