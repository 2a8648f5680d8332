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
    if (button.dataset.action === "copy-link") copyAndSay(button, sheet.querySelector("[data-permalink]").href);
    if (button.dataset.action === "print") window.print();
  });
}

if (document.querySelector("article.alone")) answerActions(document);
