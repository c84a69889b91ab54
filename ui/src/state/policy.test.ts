import { describe, expect, it } from "vitest";
import type { PolicyDraft } from "../bindings";
import { PolicyForm } from "./policy.svelte";

const draft: PolicyDraft = {
  approvals: 2,
  independent: true,
  path: ["env-staging"],
  gates: [{ dataset: "data-1", prompts: ["p"], least_passed: 9050, largest_loss: null }],
  suite_gates: [
    {
      prompts: ["p"],
      allowed_loss: 250,
      least_rate: 9000,
      alpha: 500,
      repeats: 2,
      runs_by: "services",
      oldest_days: 14,
      without_suite: "release",
    },
  ],
  freezes: [{ name: "weekends", zone: "Europe/Berlin", weekly: true, from: "Friday 18:00", until: "Monday 08:00" }],
  release_role: null,
  releasers: ["person-ana"],
  may_override: true,
};

describe("a policy while it is written", () => {
  it("comes back as it was", () => {
    const form = new PolicyForm({ draft, digest: "abc" });
    expect(form.draft()).toEqual(draft);
    expect(form.replaces).toBe("abc");
    expect(form.gates[0]).toMatchObject({ least: "90.5", loss: "" });
    form.gates[0]!.loss = "0,5";
    expect(form.draft().gates[0]!.largest_loss).toBe(50);
  });

  it("names count only where no role does", () => {
    const form = new PolicyForm({ draft, digest: null });
    form.role = "reviewer";
    expect(form.draft()).toMatchObject({ release_role: "reviewer", releasers: [] });
    form.role = "";
    expect(form.draft().releasers).toEqual(["person-ana"]);
  });

  it("says what can't be read, and keeps it", () => {
    const form = new PolicyForm({ draft, digest: null });
    expect(form.wrong).toBeNull();
    form.approvals = "11";
    expect(form.wrong).toContain("0 to 10");
    form.approvals = "2";
    form.gates[0]!.least = "most";
    expect(form.wrong).toContain("most");
    expect(form.gates[0]!.least).toBe("most");
    form.gates[0]!.least = "90";
    form.freezes[0]!.until = " ";
    expect(form.wrong).toContain("an end");
  });

  it("allows no loss of nothing, and says why", () => {
    const form = new PolicyForm({ draft, digest: "abc" });
    for (const loss of ["0", "", "a little"]) {
      form.suiteGates[0]!.loss = loss;
      expect(form.wrong).toContain("points above 0");
    }
    form.suiteGates[0]!.loss = "0.5";
    expect(form.wrong).toBeNull();
    expect(form.draft().suite_gates![0]!.allowed_loss).toBe(50);
  });
});
