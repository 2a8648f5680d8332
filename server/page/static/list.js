// The list of answers is filtered while typing, by the server: with the same words as without JavaScript.
const PAUSE_MS = 200;

const form = document.querySelector("form.sift");
const field = form.querySelector("input");
let timer = 0;
let latest = 0;

async function sift() {
  const number = ++latest;
  try {
    const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!response.ok || number !== latest) return;
    const found = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("list");
    if (number === latest) document.getElementById("list").replaceWith(found);
  } catch {
    // No network: the button says so.
  }
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
