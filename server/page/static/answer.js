// What can be done with an answer: copy it, copy its address, print it.
const SAID_MS = 2500;

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
  const focused = document.activeElement;
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

// A printed answer says where it stands and when it was read.
addEventListener("beforeprint", () => {
  const one = document.querySelector(".best, details.candidate[open], details.other[open]") ?? document;
  const link = one.querySelector("[data-link]")?.dataset.link ?? location.pathname;
  const place = document.querySelector(".printed") ?? document.createElement("p");
  place.className = "printed";
  const date = new Intl.DateTimeFormat("fr", { dateStyle: "long" }).format(new Date());
  place.textContent = `${new URL(link, import.meta.url).href}, lu le ${date}`;
  document.querySelector("main")?.append(place);
});
