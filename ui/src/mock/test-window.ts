// A whole window on a backend in memory, for tests.

import { flushSync, mount, unmount } from "svelte";
import { vi } from "vitest";
import App from "../App.svelte";
import { useBackend } from "../ipc";
import { app as state } from "../state/app.svelte";
import { dialogs } from "../state/dialogs.svelte";
import { notices } from "../state/notices.svelte";
import { router } from "../state/route.svelte";
import { createMock, type MockBackend } from "./backend";

let app: Record<string, unknown> | undefined;

export const find = <T extends HTMLElement = HTMLElement>(id: string) =>
  document.querySelector<T>(`[data-testid="${id}"]`);

/** Waits until it holds; what changed is drawn before each look. */
export const until = <T>(look: () => T) => vi.waitFor(() => (flushSync(), look()), { timeout: 20_000 });

export const there = (id: string) =>
  until(() => {
    const found = find(id);
    if (!found) throw new Error(`${id} is not there`);
    return found;
  });
export const gone = (id: string) =>
  until(() => {
    if (find(id)) throw new Error(`${id} is still there`);
  });
export function press(key: string, more: KeyboardEventInit = {}) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  (document.activeElement ?? document.body).dispatchEvent(event);
  flushSync();
  return event;
}
export function click(id: string) {
  const found = find(id);
  if (!found) throw new Error(`${id} is not there to be clicked`);
  found.click();
  flushSync();
}
export function write(field: HTMLElement, text: string) {
  (field as HTMLInputElement).value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  flushSync();
}
export function select(id: string, value: string) {
  const field = find<HTMLSelectElement>(id)!;
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  flushSync();
}
export async function open(scene: string, wait: string, prepare?: (mock: MockBackend) => void): Promise<MockBackend> {
  const mock = createMock(scene);
  prepare?.(mock);
  useBackend(mock);
  app = mount(App, { target: document.body });
  await there(wait);
  return mock;
}
export async function close() {
  dialogs.close();
  dialogs.answer();
  notices.list = [];
  if (app) await unmount(app);
  app = undefined;
  document.body.replaceChildren();
  // The next window starts as a window does.
  state.library = null;
  state.start = null;
  router.reset({ screen: "welcome" });
}
