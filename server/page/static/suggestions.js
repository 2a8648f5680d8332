// Suggestions under the question, as a WAI-ARIA combobox with a list: the field keeps the focus.
const PAUSE_MS = 120;
const SHORTEST = 2;
const WORD = /[\p{L}\p{N}]+/gu;

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// The text with what was typed of its words in elements of their own.
function setApart(text, beginnings) {
  const parts = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const typed = beginnings.find((one) => fold(word).startsWith(one));
    if (!typed) continue;
    const part = document.createElement("b");
    part.textContent = word.slice(0, typed.length);
    parts.push(text.slice(end, index), part);
    end = index + typed.length;
  }
  return [...parts, text.slice(end)];
}

export function suggestQuestions(field, list, choose, root) {
  let controller = null;
  let timer = 0;
  let active = -1;
  let refused = () => false;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");

  function close() {
    clearTimeout(timer);
    controller?.abort();
    list.hidden = true;
    list.replaceChildren();
    activate(-1);
    field.setAttribute("aria-expanded", "false");
  }

  function activate(number) {
    active = number;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    const option = list.children[active];
    if (option) {
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  }

  function show(questions, typed) {
    const beginnings = fold(typed).match(WORD) ?? [];
    list.replaceChildren(
      ...questions.map((text, number) => {
        const option = document.createElement("li");
        option.id = `suggestion-${number}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.append(...setApart(text, beginnings));
        return option;
      }),
    );
    activate(-1);
    list.hidden = questions.length === 0;
    field.setAttribute("aria-expanded", String(questions.length > 0));
  }

  async function suggest() {
    const typed = field.value.trim();
    controller?.abort();
    // What looks like personal data is not sent before the visitor decides to.
    if (typed.length < SHORTEST || refused(typed)) return close();
    controller = new AbortController();
    try {
      const response = await fetch(new URL(`v1/suggest?q=${encodeURIComponent(typed)}`, root), { signal: controller.signal });
      if (!response.ok) return close();
      const { suggestions } = await response.json();
      if (field.getRootNode().activeElement === field) show(suggestions.map((one) => one.question), typed);
    } catch {
      // Aborted by the next letter, or no network: a question can be asked without suggestions.
    }
  }

  function take(option) {
    field.value = option.textContent;
    close();
    choose();
  }

  field.addEventListener("input", () => {
    // Enter asks what is typed, however slow the suggestions for it are.
    activate(-1);
    clearTimeout(timer);
    timer = setTimeout(suggest, PAUSE_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const count = list.children.length;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
      event.preventDefault();
      // One place more than there are options: the field itself, so that what was typed is within reach.
      const step = event.key === "ArrowDown" ? 1 : -1;
      activate(((active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "ArrowDown") {
      suggest();
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      take(list.children[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
  field.addEventListener("blur", close);
  // Before blur, which would close the list under the pointer.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
  return {
    close,
    refuse(test) {
      refused = test;
    },
  };
}
