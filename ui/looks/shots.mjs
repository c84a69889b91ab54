// Takes a picture of every screen with the mock behind it, and runs axe on each.
// Usage: npm run build -- --mode looks && node looks/shots.mjs [words of names to take]
import { mkdir } from "node:fs/promises";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { preview } from "vite";
import { scenes } from "./scenes.mjs";

const csp =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; connect-src ipc: http://ipc.localhost";
const quick = process.argv.includes("--quick");
const only = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
await mkdir("looks/out", { recursive: true });
const server = await preview({
  mode: "looks",
  build: { outDir: "dist-looks" },
  preview: { port: 0, headers: { "Content-Security-Policy": csp } },
});
const address = server.resolvedUrls.local[0];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
let bad = 0;

for (const scene of scenes) {
  if (only.length > 0 && !only.some((word) => scene.name.includes(word))) continue;
  for (const theme of quick
    ? [process.argv.includes("--dark") ? "dark" : "light"]
    : (scene.themes ?? ["light", "dark"]))
    for (const width of quick ? [1360] : (scene.widths ?? [1360, 900])) {
      const page = await browser.newPage({ viewport: { width, height: 860 }, colorScheme: theme });
      // The window freezes Object.prototype, so pictures are taken with it frozen too.
      await page.addInitScript(() => Object.freeze(Object.prototype));
      page.on("console", (message) => message.type() === "error" && console.log(`  ${scene.name}: ${message.text()}`));
      page.on("pageerror", (error) => {
        bad += 1;
        console.log(`  ${scene.name}: ${error.message}`);
      });
      const name = `${scene.name}-${theme}-${width}`;
      try {
        await page.goto(`${address}?scene=${scene.scene ?? "full"}`);
        await page.waitForSelector(scene.wait ?? "main", { timeout: 8000 });
        await scene.do?.(page);
        await page.waitForTimeout(450);
        await page.screenshot({ path: `looks/out/${name}.png` });
        // Names, roles and contrast don't depend on the width.
        if (width !== (scene.widths ?? [1360, 900])[0]) {
          await page.close();
          continue;
        }
        // Not by a script tag: the page's own policy forbids it.
        await page.evaluate(axe);
        const found = await page.evaluate(() => window.axe.run(document, { rules: { region: { enabled: false } } }));
        for (const violation of found.violations) {
          bad += 1;
          console.log(`${name}: ${violation.id} (${violation.impact}): ${violation.help}`);
          for (const node of violation.nodes.slice(0, 4))
            console.log(`    ${node.target.join(" ")}  ${node.failureSummary?.split("\n")[1]?.trim() ?? ""}`);
        }
      } catch (error) {
        bad += 1;
        console.log(`${name}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
        await page.screenshot({ path: `looks/out/${name}.png` }).catch(() => {});
      }
      await page.close();
    }
}
await browser.close();
server.httpServer.close();
console.log(bad === 0 ? "No problem found." : `${bad} problems.`);
process.exit(bad === 0 ? 0 : 1);
