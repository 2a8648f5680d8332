// "Was it useful?": a judgement is kept in this window until the server has it. One per reply and answer: a later one
// replaces it, here and there, so that sending again never counts twice. Without a comment it leaves the one before; and
// a question left for the team stands beside them.
const KEY = "souffleur-feedback";
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 60000;

const address = new URL("../v1/feedback", import.meta.url);
const roots = new Set();
const waiting = new Map(read());
const refused = new WeakSet();
const judgedIn = new WeakMap();
const THANKS = "Merci pour votre avis.";
const REFUSED = "Votre avis n’a pas pu être gardé. Posez à nouveau la question, puis réessayez.";
let sending = null;
let wait = FIRST_WAIT_MS;
let timer = 0;

function read() {
  try {
    return Object.entries(JSON.parse(sessionStorage.getItem(KEY) ?? "{}"));
  } catch {
    return [];
  }
}

function save() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(waiting)));
  } catch {
    // Storage is full or forbidden: the judgement lives as long as the page.
  }
}

// Returns whether everything has been sent. Calls that overlap share one sending.
export function flush() {
  sending ??= sendAll().finally(() => {
    sending = null;
  });
  return sending;
}

async function sendAll() {
  clearTimeout(timer);
  for (;;) {
    const next = waiting.entries().next();
    if (next.done) break;
    const [key, judgement] = next.value;
    let status;
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(judgement),
        keepalive: true,
      });
      status = response.status;
    } catch {
      status = 0;
    }
    if (status === 0 || status === 429 || status >= 500) {
      timer = setTimeout(flush, wait);
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
      return false;
    }
    // What the server refuses for good would be refused again. A newer judgement of the same answer stays.
    if (status >= 400) refused.add(judgement);
    if (waiting.get(key) === judgement) waiting.delete(key);
    save();
  }
  wait = FIRST_WAIT_MS;
  for (const form of [...roots].flatMap((root) => [...root.querySelectorAll("form[data-sent=false]")])) {
    say(form, "Merci : votre avis est bien parti.");
  }
  return true;
}

async function judge(form, useful, comment, thanks) {
  const fields = new FormData(form);
  const ids = { query_id: fields.get("query_id"), index_id: fields.get("index_id"), answer_id: fields.get("answer_id") };
  const key = [ids.query_id, ids.answer_id, ...(form.dataset.leave ? ["left"] : [])].join(" ");
  const judgement = { ...ids, useful, comment: comment || (waiting.get(key)?.comment ?? "") };
  const said = form.querySelector(".feedback-said");
  waiting.set(key, judgement);
  save();
  judgedIn.set(form, judgement);
  said.textContent = "Envoi…";
  if (await flush()) return say(form, thanks);
  form.dataset.sent = "false";
  said.classList.add("not-sent");
  said.textContent = navigator.onLine
    ? "Votre avis n’est pas encore parti : le service ne le prend pas pour l’instant, il sera envoyé à nouveau."
    : "La connexion est coupée : votre avis partira dès qu’elle reviendra.";
}

// Thanks are for what the server has kept.
function say(form, thanks) {
  const failed = refused.has(judgedIn.get(form));
  const said = form.querySelector(".feedback-said");
  form.dataset.sent = failed ? "refused" : "true";
  said.classList.toggle("not-sent", failed);
  said.textContent = failed ? REFUSED : thanks;
  if (failed) form.querySelector(".feedback-vote").hidden = false;
}

function commentOf(form) {
  const fields = new FormData(form);
  return [fields.getAll("reason").join(" ; "), fields.get("comment").trim()].filter(Boolean).join("\n");
}

function sendRemark(why) {
  const form = why.previousElementSibling;
  const comment = commentOf(why);
  why.remove();
  judge(form, false, comment, comment ? "Merci : l’équipe lira votre remarque." : THANKS);
  form.querySelector("[name=useful][value=non]").focus();
}

export function keepFeedback(root) {
  roots.add(root);
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form.feedback, form.feedback-why")) return;
    event.preventDefault();
    if (form.matches(".feedback-why")) return sendRemark(form);
    if (form.dataset.leave) {
      const field = form.elements.comment;
      field.value = field.value.trim();
      if (!form.reportValidity()) return;
      form.querySelector(".feedback-vote").hidden = true;
      judge(form, false, `Question laissée à l’équipe : ${commentOf(form)}`, "C’est noté : l’équipe lira votre question.");
      return;
    }
    const useful = event.submitter?.value === "oui";
    for (const button of form.querySelectorAll("[name=useful]")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    judge(form, useful, "", THANKS);
    const why = form.nextElementSibling;
    if (useful) return why?.remove();
    if (!why) form.after(root.querySelector("template[data-why]").content.cloneNode(true));
    form.nextElementSibling.querySelector("input").focus();
  });
  addEventListener("online", flush);
  addEventListener("pagehide", flush);
  flush();
}
