// Warns of what looks like personal data, with the server's own patterns.
const PAUSE_MS = 250;

// isPersonal: the test; warn: looks at the field at once, for when nobody typed what is there.
export function warnOfPersonalData(form, place, { address, harmless, patterns }) {
  const addresses = new RegExp(address, "gi");
  const harmlessNumbers = new RegExp(harmless, "gi");
  const expressions = patterns.map((one) => ({ ...one, expression: new RegExp(one.expression, "i") }));
  let timer = 0;

  function find(text) {
    const all = text.normalize("NFKC");
    const numbers = all.replace(addresses, " ").replace(harmlessNumbers, " ");
    const found = expressions.filter((one) => one.expression.test(one.everywhere ? all : numbers));
    return [...new Set(found.map((one) => one.name))];
  }

  function warn() {
    const names = find(form.querySelector("#question").value);
    const text = names.length ? `Ceci ressemble à ${names.join(", ")}. Retirez-le : la réponse n’en dépend pas.` : "";
    if (place.textContent !== text) place.textContent = text;
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(warn, PAUSE_MS);
  });
  warn();
  return { isPersonal: (text) => find(text).length > 0, warn };
}
