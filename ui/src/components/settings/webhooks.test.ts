// The Webhooks panel on a backend in memory: what is sent, what is told, and who may.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MockBackend } from "../../mock/backend";
import { click, close, find, gone, open as openWindow, there, until, write } from "../../mock/test-window";

let mock: MockBackend;
async function open(scene = "full", prepare?: (mock: MockBackend) => void) {
  mock = await openWindow(scene, "go-settings", prepare);
  click("go-settings");
  await there("settings-webhooks");
}
const panel = () => find("settings-webhooks")!.textContent;
const words = (n: number) => find(`webhook-words-${n}`)!.textContent;

beforeEach(() => localStorage.clear());
afterEach(close);

describe("the list", () => {
  it("says where each leads, what is sent, and how it is doing", async () => {
    await open();
    await there("webhook-1");
    expect(find("webhook-0")!.textContent).toContain("https://hooks.northern.example/galley");
    expect(find("webhook-0")!.textContent).toContain("a release was made; a release was reverted");
    expect(find("webhook-0")!.textContent).toContain("production");
    expect(words(0)).toContain("arrived");
    expect(words(1)).toContain("did not arrive: it answered 500");
    expect(find("webhook-1")!.textContent).toContain("every environment");
  });

  it("without any, it says what they are for", async () => {
    await open("review");
    expect((await there("webhooks-none")).textContent).toContain("a chat, a dashboard, a pipeline");
  });

  it("on this computer only, it says what they need", async () => {
    await open("new");
    expect((await there("webhooks-note")).textContent).toContain("share the project with a team");
    expect(find("new-webhook")).toBeNull();
  });

  it("for whoever is no admin, it says whom to ask", async () => {
    await open("review-author");
    expect((await there("webhooks-note")).textContent).toContain("Admins look after");
    expect(find("new-webhook")).toBeNull();
  });

  it("without the registry it says so, and asks again", async () => {
    await open("full", (mock) => {
      const list = mock.webhooks;
      let first = true;
      mock.webhooks = async (project) => {
        if (first) {
          first = false;
          throw { code: "offline", message: "the registry can't be reached", details: null };
        }
        return list(project);
      };
    });
    await until(() => expect(panel()).toContain("can't be reached"));
    find("settings-webhooks")!.querySelector<HTMLButtonElement>('[role="alert"] button')!.click();
    await there("webhook-0");
    expect(panel()).not.toContain("can't be reached");
  });
});

describe("a new one", () => {
  it("is made with what was chosen, and its secret is told to be on the clipboard", async () => {
    await open();
    await there("webhook-0");
    const make = vi.spyOn(mock, "makeWebhook");
    click("new-webhook");
    write(await there("webhook-url"), " https://example.com/hook ");
    click("webhook-kind-release.reverted");
    click("webhook-kind-request.opened");
    click("webhook-in-production");
    click("webhook-save");
    expect((await there("webhook-made")).textContent).toContain("on the clipboard");
    expect(make.mock.calls[0]![1]).toEqual({
      url: "https://example.com/hook",
      kinds: ["request.opened", "release.made"],
      environments: ["env-production"],
    });
    await until(() => expect(find("webhook-2")!.textContent).toContain("https://example.com/hook"));
    expect(find("webhook-form")).toBeNull();
    expect(document.body.innerHTML).not.toContain("whsec_");
  });

  it("is not made while nothing is chosen, and a refusal keeps what was typed", async () => {
    await open();
    await there("webhook-0");
    click("new-webhook");
    write(await there("webhook-url"), "http://example.com/hook");
    const save = find<HTMLButtonElement>("webhook-save")!;
    click("webhook-kind-release.made");
    click("webhook-kind-release.reverted");
    expect(save.disabled).toBe(true);
    click("webhook-kind-version.saved");
    expect(save.disabled).toBe(false);
    save.click();
    await until(() => expect(find("webhook-form")!.textContent).toContain("begins with https://"));
    expect(find<HTMLInputElement>("webhook-url")!.value).toBe("http://example.com/hook");
  });
});

describe("one that is there", () => {
  it("is tried, and what was sent is told and sent again", async () => {
    await open();
    await there("webhook-1");
    click("webhook-log-0");
    await until(() => expect(find("webhook-log")!.querySelectorAll("tbody tr")).toHaveLength(2));
    click("webhook-test-0");
    await until(() => expect(find("notices")!.textContent).toContain("Test: arrived: it answered 200"));
    await until(() => expect(find("webhook-log")!.querySelectorAll("tbody tr")).toHaveLength(3));
    const replay = vi.spyOn(mock, "replayWebhook");
    find("webhook-log")!.querySelector<HTMLButtonElement>("tbody tr:last-child button")!.click();
    await until(() => expect(find("webhook-log")!.textContent).toContain("again"));
    expect(replay).toHaveBeenCalledTimes(1);
    click("webhook-log-0");
    await gone("webhook-log");
  });

  it("shows what the receiver answered as text", async () => {
    await open();
    await there("webhook-1");
    click("webhook-log-1");
    await until(() => expect(find("webhook-log")!.textContent).toContain("<h1>Internal Server Error</h1>"));
    expect(find("webhook-log")!.querySelector("h1")).toBeNull();
    expect(find("webhook-log")!.textContent).toContain("given up after 10 attempts");
  });

  it("is changed, switched off and on, and removed after a plain question", async () => {
    await open();
    await there("webhook-1");
    click("webhook-change-1");
    const url = (await there("webhook-url")) as HTMLInputElement;
    expect(url.value).toBe("https://ci.northern.example/prompts");
    write(url, "https://ci.northern.example/other");
    click("webhook-save");
    await until(() => expect(find("webhook-1")!.textContent).toContain("/other"));
    click("webhook-switch-1");
    await until(() => expect(words(1)).toContain("switched off"));
    expect(find("webhook-test-1")).toBeNull();
    click("webhook-switch-1");
    await there("webhook-test-1");
    click("webhook-rotate-1");
    await there("question");
    click("question-do");
    expect((await there("webhook-made")).textContent).toContain("on the clipboard");
    await gone("question");
    click("webhook-remove-1");
    await until(() => expect(find("question")!.textContent).toContain("its secret is destroyed"));
    click("question-do");
    await gone("webhook-1");
  });
});
