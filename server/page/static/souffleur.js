// <souffleur-faq>: the box for any website. It asks the server that this script comes from, and shows what the page
// shows. Its style is in the shadow root, without an inline style, so that a strict policy of the website lets it be.
import { answerActions, fetchPage, whyItFailed } from "./page/answer.js";
import { keepFeedback } from "./page/feedback.js";
import { warnOfPersonalData } from "./page/personal.js";
import { suggestQuestions } from "./page/suggestions.js";

const root = new URL("./", import.meta.url);
const FRAME = `<div class="box" lang="fr"><form role="search"><label for="question"></label>
<div class="field"><div class="combo"><input id="question" type="text" required autocomplete="off" enterkeyhint="search">
<ul id="suggestions" role="listbox" aria-label="Questions proches" hidden></ul></div><button class="main">Demander</button></div><p id="warning" class="warning" role="status"></p></form>
<div id="answer"></div><p class="foot"><a></a></p></div>`;
const STYLE = `
:host { display: block;
  --accent: var(--souffleur-accent, #0b5563); --on-accent: var(--souffleur-on-accent, #fff); --ink: var(--souffleur-ink, #1b2327);
  --soft: var(--souffleur-soft, #4e5a61); --sheet: var(--souffleur-paper, #fff); --line: var(--souffleur-line, #d8d3c7);
  --tint: var(--souffleur-tint, #e4eef0); --mark: var(--souffleur-mark, #ffe9a3); --yes: var(--souffleur-yes, #1d6337);
  --check: var(--souffleur-check, #7a4b00); --radius: var(--souffleur-radius, 6px); }
@media (prefers-color-scheme: dark) { :host([scheme="auto"]) {
  --accent: color-mix(in oklab, var(--souffleur-accent, #0b5563), #fff 70%); --on-accent: #0b1417; --ink: var(--souffleur-ink, #e9e6df);
  --soft: var(--souffleur-soft, #adb7bc); --sheet: var(--souffleur-paper, #1b2327); --line: var(--souffleur-line, #364147);
  --tint: color-mix(in oklab, var(--accent), var(--sheet) 88%); --mark: var(--souffleur-mark, #5c4a08); --yes: var(--souffleur-yes, #8fdca8); --check: var(--souffleur-check, #f3cb7e); } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.box { background: var(--sheet); color: var(--ink); font: var(--souffleur-font, 1rem/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif); padding: 1rem; border: 1px solid var(--line); border-radius: var(--radius); overflow-wrap: break-word; }
form > label { display: block; font-weight: 650; margin-bottom: .5rem; }
.field, .feedback-vote, .actions, .about, .share p { display: flex; flex-wrap: wrap; gap: .5rem; }
.combo { position: relative; flex: 1 1 12rem; min-width: 0; }
input, textarea, button { font: inherit; color: inherit; }
#question { width: 100%; height: 2.75rem; padding: 0 .75rem; background: var(--sheet); border: 2px solid var(--soft); border-radius: var(--radius); }
button { cursor: pointer; border: 1.5px solid var(--accent); border-radius: var(--radius); background: none; color: var(--accent); padding: .25rem 1rem; min-height: 2.25rem; font-weight: 600; }
button.main { background: var(--accent); color: var(--on-accent); height: 2.75rem; }
button.quiet { border: 0; padding: .25rem 0; font-weight: 400; text-decoration: underline; }
[aria-pressed="true"] { background: var(--accent); color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
[tabindex="-1"]:focus { outline: none; }
#suggestions { position: absolute; z-index: 9; inset: calc(100% + 4px) 0 auto; margin: 0; padding: .25rem; list-style: none; background: var(--sheet); border: 1px solid var(--soft); border-radius: var(--radius); max-height: 18rem; overflow-y: auto; }
#suggestions li { padding: .5rem; cursor: pointer; }
#suggestions [aria-selected="true"], #suggestions li:hover { background: var(--tint); box-shadow: inset 0 0 0 2px var(--accent); }
#suggestions b { color: var(--accent); }
h2 { font-size: 1.0625rem; margin: 0 0 .5rem; } h3 { font-size: 1.1875rem; margin: 0 0 .5rem; line-height: 1.3; }
h2.verdict { display: flex; align-items: center; gap: .5rem; font-size: 1rem; color: var(--yes); }
.icon-line { fill: none; stroke: var(--sheet); stroke-width: 2.4; }
p, ul, ol, table { margin: 0 0 .75rem; } ul, ol { padding-left: 1.25rem; }
a, summary { color: var(--accent); } summary { cursor: pointer; padding: .25rem 0; }
#answer:not(:empty) { margin-top: 1rem; } #answer[aria-busy="true"] { opacity: .6; }
#answer[aria-busy="true"]:empty::before { content: "Recherche…"; display: block; margin-top: 1rem; }
.about { overflow-wrap: anywhere; }
.asked, .hint, .why, .about, .actions, .foot, .extract, .nearness { color: var(--soft); font-size: .9375rem; }
.asked strong { color: var(--ink); }
.missing, .warning, .not-sent { color: var(--check); } #warning { margin: .5rem 0 0; } #warning:empty { margin: 0; }
br + span { display: block; height: .5rem; }
mark { background: var(--mark); color: inherit; }
.prose table { display: block; overflow-x: auto; overflow-wrap: normal; border-collapse: collapse; } td, th { border: 1px solid var(--line); padding: .25rem .5rem; text-align: left; }
.candidates { list-style: none; padding: 0; display: grid; gap: .5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); }
.candidates li:has([open]) { grid-column: 1 / -1; }
.candidate { border: 1px solid var(--line); border-radius: var(--radius); padding: .5rem .75rem; height: 100%; }
.other { border-top: 1px solid var(--line); } .other-title { font-weight: 600; } .extract { display: block; } [open] > summary .extract { display: none; }
.also-found { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 1rem; }
.also-asked button { border: 0; padding: .25rem 0; font-weight: 400; text-align: start; text-decoration: underline; }
.none { border-left: 3px solid var(--soft); padding-left: 1rem; margin-bottom: 1rem; }
.tag { border: 1px solid var(--line); border-radius: 4px; padding: 0 .5rem; min-height: 1.5rem; text-decoration: none; }
.feedback { border-top: 1px solid var(--line); padding-top: .75rem; }
fieldset { border: 0; padding: 0; margin: 0; } .choice { display: flex; gap: .5rem; padding: .25rem 0; }
.feedback-said:not(:empty) { font-weight: 600; color: var(--yes); } .feedback-said.not-sent { color: var(--check); }
textarea { width: 100%; background: var(--sheet); border: 1.5px solid var(--soft); border-radius: var(--radius); }
@media (forced-colors: active) { mark { forced-color-adjust: none; background: Mark; color: MarkText; }
  #suggestions [aria-selected="true"], [aria-pressed="true"] { forced-color-adjust: none; background: Highlight; color: HighlightText; } #suggestions [aria-selected="true"] b { color: inherit; } }
.above { display: block; } .foot { margin: .75rem 0 0; }
`;
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

// For websites with Trusted Types: our server has escaped this HTML.
const trusted = globalThis.trustedTypes?.createPolicy("souffleur", { createHTML: (html) => html });

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = trusted?.createHTML(html) ?? html;
  return template.content;
}

class SouffleurFaq extends HTMLElement {
  #latest = 0;
  #warn = () => {};

  connectedCallback() {
    if (this.shadowRoot) return;
    const shadow = this.attachShadow({ mode: "open", delegatesFocus: true });
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(parse(FRAME));
    const form = shadow.querySelector("form");
    const field = shadow.getElementById("question");
    shadow.querySelector("label").textContent = this.getAttribute("label") ?? "Quelle est votre question ?";
    const link = shadow.querySelector(".foot a");
    link.href = new URL("reponses", root);
    link.textContent = this.getAttribute("all") ?? "Toutes les réponses";
    const suggestions = suggestQuestions(field, shadow.getElementById("suggestions"), () => form.requestSubmit(), root);
    // Nothing is sent while it is typed before it can be tested for personal data.
    suggestions.refuse(() => true);
    this.#showNotice(form, suggestions);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      suggestions.close();
      this.#ask(field.value);
    });
    // Here, and not by the browser, which would leave the website.
    shadow.addEventListener("submit", (event) => {
      if (!event.target.matches(".also-asked")) return;
      event.preventDefault();
      field.value = event.target.elements.q.value;
      this.#ask(field.value);
    });
    keepFeedback(shadow);
    answerActions(shadow);
  }

  async #showNotice(form, suggestions) {
    let told;
    try {
      told = parse(await fetchPage(new URL("element", root)));
    } catch {
      return; // No network: a question can be asked without suggestions.
    }
    const notice = told.querySelector("[data-personal]");
    const link = notice.querySelector("a");
    link.href = new URL(link.getAttribute("href"), root);
    this.shadowRoot.querySelector(".box").append(notice);
    const { isPersonal, warn } = warnOfPersonalData(form, form.querySelector("#warning"), JSON.parse(notice.dataset.personal));
    suggestions.refuse(isPersonal);
    this.#warn = warn;
    // What was typed meanwhile has its suggestions now.
    form.querySelector("#question").dispatchEvent(new Event("input"));
  }

  async #ask(question) {
    const number = ++this.#latest;
    this.#warn();
    const answer = this.shadowRoot.getElementById("answer");
    answer.setAttribute("aria-busy", "true");
    let shown;
    try {
      shown = parse(await fetchPage(new URL("element", root), { method: "POST", body: new URLSearchParams({ q: question }) }));
    } catch (error) {
      shown = parse('<p class="warning" role="alert"></p>');
      shown.firstChild.textContent = `${whyItFailed(error)} ; votre question est restée dans le champ.`;
    }
    if (number !== this.#latest) return;
    // Addresses are those of the FAQ, not of the website.
    for (const link of shown.querySelectorAll('a[href^="/"]')) link.href = new URL(link.getAttribute("href"), root);
    for (const sent of shown.querySelectorAll("form[action]")) sent.action = new URL(sent.getAttribute("action"), root);
    answer.removeAttribute("aria-busy");
    answer.replaceChildren(shown);
    this.shadowRoot.getElementById("verdict")?.focus();
  }
}

customElements.get("souffleur-faq") ?? customElements.define("souffleur-faq", SouffleurFaq);
