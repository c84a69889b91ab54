import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The window's policy allows scripts, fonts and images only as files of our own, so nothing is
// inlined: no font as a data address, no preload script in the page.
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  build: {
    target: "safari16",
    outDir: mode === "looks" ? "dist-looks" : "dist",
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 900,
  },
  // Tests mount components, so they need Svelte as the browser gets it.
  resolve: mode === "test" ? { conditions: ["browser"] } : {},
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    testTimeout: 30_000,
    setupFiles: ["src/mock/test-setup.ts"],
  },
}));
