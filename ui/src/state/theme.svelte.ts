// Light, dark, or as the system has it.

export type Choice = "system" | "light" | "dark";
const key = "galley.theme";

class Theme {
  choice = $state<Choice>("system");
  #system = $state(false);
  readonly dark = $derived(this.choice === "dark" || (this.choice === "system" && this.#system));

  start() {
    const query = matchMedia("(prefers-color-scheme: dark)");
    this.#system = query.matches;
    query.addEventListener("change", (event) => {
      this.#system = event.matches;
      this.#draw();
    });
    const kept = localStorage.getItem(key);
    if (kept === "light" || kept === "dark") this.choice = kept;
    this.#draw();
  }

  choose(choice: Choice) {
    this.choice = choice;
    localStorage.setItem(key, choice);
    this.#draw();
  }

  #draw() {
    document.documentElement.dataset.theme = this.dark ? "dark" : "light";
  }
}

export const theme = new Theme();
