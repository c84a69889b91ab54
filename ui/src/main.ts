import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/literata/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { useBackend } from "./ipc";
import { theme } from "./state/theme.svelte";

// In a browser there is no Rust behind the page. The build that ships drops this branch whole.
if (import.meta.env.DEV || import.meta.env.MODE === "looks") {
  if (!("__TAURI_INTERNALS__" in window)) {
    const { createMock } = await import("./mock/backend");
    const mock = createMock(new URLSearchParams(location.search).get("scene") ?? "full");
    useBackend(mock);
    // So that looks can let others act.
    Object.assign(window, { mock });
  }
}

theme.start();
mount(App, { target: document.getElementById("app")! });
