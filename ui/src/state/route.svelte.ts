// Where the person is, with back and forward. There is no address bar, so a stack is all.

import type { DatasetId, EnvironmentId, PromptId, Ref, ReleasePoint, RequestId, RunId, VersionId } from "../bindings";

export type Route =
  | { screen: "welcome" }
  | { screen: "prompt"; prompt: PromptId | null; draft?: string; version?: VersionId }
  | { screen: "compare"; prompt: PromptId; left: Ref; right: Ref }
  | { screen: "merge"; prompt: PromptId }
  | { screen: "evals"; tab?: "runs" | "datasets" | "new"; dataset?: DatasetId; run?: RunId; prompt?: PromptId }
  | { screen: "review"; request?: RequestId }
  | { screen: "releases"; environment?: EnvironmentId; compare?: { left: ReleasePoint; right: ReleasePoint } }
  | { screen: "activity" }
  | { screen: "settings"; section?: string };

type Leave = () => void | Promise<void>;

class Router {
  current = $state.raw<Route>({ screen: "welcome" });
  #back = $state.raw<Route[]>([]);
  #forward = $state.raw<Route[]>([]);
  #leave: Leave | null = null;
  readonly canBack = $derived(this.#back.length > 0);
  readonly canForward = $derived(this.#forward.length > 0);

  /** A screen with unsaved words asks to be called before another takes its place. */
  onLeave(leave: Leave): () => void {
    this.#leave = leave;
    return () => {
      if (this.#leave === leave) this.#leave = null;
    };
  }

  go(route: Route) {
    void this.#leave?.();
    if (JSON.stringify(route) === JSON.stringify(this.current)) return;
    this.#back = [...this.#back.slice(-49), this.current];
    this.#forward = [];
    this.current = route;
  }

  /** Changes where we are without a step to go back to. */
  replace(route: Route) {
    this.current = route;
  }

  back() {
    const route = this.#back.at(-1);
    if (!route) return;
    void this.#leave?.();
    this.#forward = [this.current, ...this.#forward];
    this.#back = this.#back.slice(0, -1);
    this.current = route;
  }

  forward() {
    const route = this.#forward[0];
    if (!route) return;
    void this.#leave?.();
    this.#back = [...this.#back, this.current];
    this.#forward = this.#forward.slice(1);
    this.current = route;
  }

  /** Another project: what was open belongs to the old one. */
  reset(route: Route) {
    void this.#leave?.();
    this.#back = [];
    this.#forward = [];
    this.current = route;
  }
}

export const router = new Router();
