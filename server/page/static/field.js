// The field of the question: grows with a long text, says when that is too long, and is reached by Ctrl+K.
const LONG = 90; // characters that a line may hold before it becomes several

export function questionField(line, { most, place }) {
  const form = line.form;
  const area = document.createElement("textarea");
  let field = line;
  for (const name of ["id", "name", "aria-describedby", "autocomplete"]) area.setAttribute(name, line.getAttribute(name));
  area.required = true;
  area.rows = 3;

  function swap(to) {
    if (field === to) return;
    const [start, end, focused] = [field.selectionStart, field.selectionEnd, document.activeElement === field];
    to.value = field.value;
    field.replaceWith(to);
    field = to;
    if (focused) {
      to.focus();
      to.setSelectionRange(start, end);
    }
  }

  function fit() {
    swap(field.value.includes("\n") || field.value.length > LONG ? area : field.value ? field : line);
    if (field === area) {
      area.style.height = "auto";
      area.style.height = `${area.scrollHeight + 4}px`;
    }
    const length = [...field.value].length;
    const text =
      length > most
        ? `Votre texte compte ${length} caractères, ${most} au plus sont lus. Gardez l’essentiel : rien n’a été coupé.`
        : "";
    if (place.textContent !== text) place.textContent = text;
    return !text;
  }

  form.addEventListener("input", (event) => event.target === field && fit());
  // A line drops the line breaks of what is pasted.
  line.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!text.trim().includes("\n")) return;
    event.preventDefault();
    swap(area);
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    // No sign alone: a word spoken to the machine would press it (WCAG 2.1.4).
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
  fit();

  return {
    fits: fit,
    focus: () => field.focus(),
    get value() {
      return field.value;
    },
    set value(text) {
      field.value = text;
      fit();
    },
  };
}
