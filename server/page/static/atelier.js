// The atelier works with forms alone; this spares a page when a state is set, and lets a theme of the map stand out.
const byId = (id) => document.getElementById(id);

// The page that comes back replaces this one in place, and the keyboard stays where it was.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!form.matches("[data-decide]") || !button) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form));
  fields.append(button.name, button.value);
  const place = [...form.querySelectorAll("li")].indexOf(button.closest("li"));
  try {
    const response = await fetch(form.action, { method: "POST", body: fields });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.getElementById("contenu")) throw new Error("no page");
    byId("contenu").replaceWith(page.getElementById("contenu"));
    if (response.ok) byId("said").textContent = "";
    const rows = document.querySelectorAll(".items > li");
    const row = rows[Math.min(place, rows.length - 1)];
    (row?.querySelector("button") ?? byId("contenu")).focus();
  } catch {
    byId("said").textContent = "Ce choix n’est pas parti : vérifiez votre connexion, puis recommencez.";
  }
});

const legend = byId("legend");
for (const entry of legend?.children ?? []) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  button.append(...entry.childNodes);
  entry.append(button);
  button.addEventListener("click", () => {
    const chosen = button.getAttribute("aria-pressed") !== "true";
    for (const one of legend.querySelectorAll("button")) one.setAttribute("aria-pressed", String(chosen && one === button));
    for (const mark of byId("map").querySelectorAll("[data-theme]")) {
      mark.classList.toggle("faded", chosen && mark.dataset.theme !== entry.dataset.theme);
    }
  });
}
for (const mark of byId("map")?.querySelectorAll("a") ?? []) {
  for (const event of ["pointerenter", "focus"]) {
    mark.addEventListener(event, () => (byId("pointed").textContent = mark.getAttribute("aria-label")));
  }
}
