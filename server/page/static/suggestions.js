// Suggestions under the question, as a WAI-ARIA combobox with a list: the field keeps the focus.
const PAUSE_MS = 120;
const SHORTEST = 2;

export function suggestQuestions(field, list, choose) {
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

  function show(questions) {
    list.replaceChildren(
      ...questions.map((text, number) => {
        const option = document.createElement("li");
        option.id = `suggestion-${number}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.textContent = text;
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
      const response = await fetch(`/v1/suggest?q=${encodeURIComponent(typed)}`, { signal: controller.signal });
      if (!response.ok) return close();
      const { suggestions } = await response.json();
      if (document.activeElement === field) show(suggestions.map((one) => one.question));
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
