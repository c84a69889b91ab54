// Service accounts in Settings: what is sent, and that the secret never passes through here.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MockBackend } from "../../mock/backend";
import { click, close, find, open as openWindow, there, until, write } from "../../mock/test-window";

let mock: MockBackend;
const send = () => find<HTMLButtonElement>("service-send")!;
async function open(scene = "full", prepare?: (mock: MockBackend) => void) {
  mock = await openWindow(scene, "go-settings", prepare);
  click("go-settings");
  await there("settings-services");
}

beforeEach(() => localStorage.clear());
afterEach(close);

describe("service accounts", () => {
  it("one is made with what it may do, and its secret is on the clipboard only", async () => {
    await open();
    const made = vi.spyOn(mock, "createService");
    click("new-service");
    await there("service-form");
    expect(send().disabled).toBe(true);
    write(find("service-name")!, "release robot");
    click("service-run");
    click("service-ask");
    await until(() => expect(find("service-form")!.textContent).toContain("at least one thing"));
    expect(send().disabled).toBe(true);
    click("service-release-staging");
    send().click();
    await until(() => expect(made).toHaveBeenCalledTimes(1));
    expect(made.mock.calls[0]!.slice(1)).toEqual([
      "release robot",
      "person-ana",
      { save: false, run: false, ask: false, release: ["env-staging"] },
    ]);
    expect((await there("service-made")).textContent).toContain("clipboard");
    expect((await there("service-release robot")).textContent).toContain("release in staging");
  });

  it("changing one starts with what it may do now", async () => {
    await open();
    const changed = vi.spyOn(mock, "setServiceRights");
    (await there("service-nightly checks")).querySelector<HTMLButtonElement>('[aria-label^="Change"]')!.click();
    await there("service-form");
    expect(find<HTMLInputElement>("service-release-staging")!.checked).toBe(true);
    click("service-release-staging");
    send().click();
    await until(() => expect(changed).toHaveBeenCalledTimes(1));
    expect(changed.mock.calls[0]![2]).toEqual({ save: false, run: true, ask: true, release: [] });
  });

  it("a refusal keeps what was written", async () => {
    await open();
    vi.spyOn(mock, "createService").mockRejectedValueOnce({ code: "refused", message: "not you", details: null });
    click("new-service");
    await there("service-form");
    write(find("service-name")!, "release robot");
    send().click();
    await until(() => expect(find("service-form")!.textContent).toContain("not you"));
    expect(find<HTMLInputElement>("service-name")!.value).toBe("release robot");
  });

  it("who answers for one and has left is said", async () => {
    await open("full", (mock) => {
      const real = mock.settings.bind(mock);
      vi.spyOn(mock, "settings").mockImplementation(async (project) => {
        const settings = await real(project);
        settings.services[0]!.owner_left = true;
        return settings;
      });
    });
    await until(() => expect(find("settings-services")!.textContent).toContain("nobody answers for it"));
  });
});
