// How an answer comes, and why it does not; what can be done with it: copy it, copy its address, print it.
const SAID_MS = 2500;
const NOT_ASKED = 422; // in words of ours, on a page

// Rejects with the status and the seconds to wait. A page of a proxy, whose server is gone, is none.
export async function fetchPage(address, options) {
  const response = await fetch(address, options);
  const isPage = (response.headers.get("content-type") ?? "").startsWith("text/html");
  if (!isPage || !(response.ok || response.status === NOT_ASKED))
    throw Object.assign(new Error(), { status: response.status, wait: response.headers.get("retry-after") });
  return response.text();
}

export function whyItFailed({ status, wait }) {
  const when = /^\d+$/.test(wait) ? `dans ${wait} seconde${wait === "1" ? "" : "s"}` : "dans un instant";
  if (!navigator.onLine) return "La connexion est coupée. Réessayez quand elle sera revenue";
  if (status === 429) return `Trop de questions sont venues de votre réseau. Réessayez ${when}`;
  return `Le service ne répond pas. Réessayez ${when}`;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP, or a browser that refuses: the old way.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

async function copyAndSay(button, text) {
  const label = button.textContent;
  if (button.dataset.said) return;
  button.dataset.said = "yes";
  const focused = button.getRootNode().activeElement;
  button.textContent = (await copy(text)) ? "Copié" : "La copie a été refusée";
  focused?.focus?.();
  setTimeout(() => {
    button.textContent = label;
    delete button.dataset.said;
  }, SAID_MS);
}

export function answerActions(root) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-action]");
    if (!button) return;
    const sheet = button.closest(".sheet");
    if (button.dataset.action === "copy") copyAndSay(button, sheet.querySelector(".prose").innerText.trim());
    if (button.dataset.action === "copy-link") copyAndSay(button, new URL(button.dataset.link, import.meta.url).href);
    if (button.dataset.action === "print") window.print();
  });
}

// What is printed says where it stands and when it was read; not what another website prints.
export function tellWherePrinted() {
  addEventListener("beforeprint", () => {
    // As the style has it: what was unfolded, instead of the best one.
    const printed = document.querySelectorAll(
      "details.candidate[open], details.other[open], .best:not(:has(~ .others > [open]))",
    );
    const links = [...printed].map((one) => one.querySelector("[data-permalink]").href);
    const place = document.querySelector(".printed") ?? document.createElement("p");
    place.className = "printed";
    const date = new Intl.DateTimeFormat("fr", { dateStyle: "long" }).format(new Date());
    place.textContent = `${links.join(", ") || location.href}, lu le ${date}`;
    document.querySelector("main").append(place);
    // The style prints the address of a link after its words, unless these are the address.
    for (const link of document.links) link.classList.toggle("bare", link.textContent === link.getAttribute("href"));
  });
}
