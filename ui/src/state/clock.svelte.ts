// The time as the page shows it ("4 s ago"). One timer for all.

class Clock {
  now = $state(Date.now());
  #timer: ReturnType<typeof setInterval> | undefined;

  start() {
    this.#timer ??= setInterval(() => (this.now = Date.now()), 1000);
  }
  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

export const clock = new Clock();
