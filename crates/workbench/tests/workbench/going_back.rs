//! Going back as one, keeping what came later, and any two releases side by side.

use crate::main_job::{first_version, writes};
use crate::support::{Laptop, environment};
use domain::{EnvironmentId, ProjectId, PromptId, ReleaseId, VersionId};
use workbench::Workbench;
use workbench::views::{BundleChange, BundleSide, Plan, ReleasePoint, ReleaseRow};

/// Two prompts, released together twice, and the second of them once more.
struct Desk {
    laptop: Laptop,
    project: ProjectId,
    production: EnvironmentId,
    triage: PromptId,
    tone: PromptId,
}

impl Desk {
    async fn new() -> Self {
        let laptop = Laptop::new();
        let bench = &laptop.bench;
        let card = bench
            .create_project("Support".to_owned(), "Ana".to_owned())
            .await;
        let project = card.unwrap().id;
        let triage = first_version(bench, project, "triage", "You sort messages.").await;
        let tone = first_version(bench, project, "tone", "Be short.").await;
        let production = environment(bench, project, "production").await;
        let desk = Self {
            project,
            production,
            triage,
            tone,
            laptop,
        };
        let first = [desk.newest(triage).await, desk.newest(tone).await];
        desk.release(&[(triage, first[0]), (tone, first[1])], "The first")
            .await;
        let triage2 = writes(
            desk.bench(),
            project,
            triage,
            "You sort letters.",
            "Letters",
        )
        .await;
        let tone2 = writes(desk.bench(), project, tone, "Be kind.", "Kind").await;
        desk.release(&[(triage, triage2), (tone, tone2)], "Letters, kindly")
            .await;
        desk
    }

    fn bench(&self) -> &Workbench {
        &self.laptop.bench
    }

    async fn newest(&self, prompt: PromptId) -> VersionId {
        let view = self.bench().prompt(self.project, prompt).await.unwrap();
        view.versions[0].id
    }

    async fn release(&self, what: &[(PromptId, VersionId)], why: &str) -> ReleaseId {
        let changes = what.iter().map(|(prompt, version)| BundleChange {
            environment: self.production,
            prompt: *prompt,
            sides: vec![BundleSide {
                version: *version,
                weight: 100,
            }],
        });
        let plan = self.bench().plan_release(self.project, changes.collect());
        let id = plan.await.unwrap().id;
        let done = self.bench().carry_out(self.project, id, why.to_owned());
        done.await.unwrap().release
    }

    async fn history(&self) -> Vec<ReleaseRow> {
        let view = self.bench().releases(self.project).await.unwrap();
        let here = view.history.into_iter();
        here.filter(|row| row.environment == self.production)
            .collect()
    }

    async fn undo(&self, release: ReleaseId, keep: &[PromptId]) -> Result<Plan, String> {
        self.bench()
            .plan_undo(self.project, self.production, release, keep.to_vec())
            .await
            .map_err(|error| error.to_string())
    }

    async fn carry_out(&self, plan: Plan) {
        self.bench()
            .carry_out(self.project, plan.id, "it was worse".to_owned())
            .await
            .unwrap();
    }

    /// What production serves now, in words, by name.
    async fn serves(&self) -> Vec<(String, String)> {
        let nothing = self.point("development", None).await;
        let now = self.point("production", None).await;
        let found = self.bench().compare_releases(self.project, nothing, now);
        let changes = found.await.unwrap().changes.into_iter();
        changes.map(|change| (change.name, change.after)).collect()
    }

    async fn point(&self, place: &str, release: Option<ReleaseId>) -> ReleasePoint {
        ReleasePoint {
            environment: environment(self.bench(), self.project, place).await,
            release,
        }
    }
}

fn told(plan: &Plan) -> Vec<(&str, &str, &str)> {
    let rows = plan.changes.iter();
    rows.map(|c| (c.name.as_str(), c.before.as_str(), c.after.as_str()))
        .collect()
}

fn pairs(served: &[(String, String)]) -> Vec<(&str, &str)> {
    served
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_goes_back_as_one_and_what_came_later_can_be_kept() {
    let desk = Desk::new().await;
    let third = writes(desk.bench(), desk.project, desk.tone, "Be warm.", "Warm").await;
    desk.release(&[(desk.tone, third)], "Warmer").await;
    let rows = desk.history().await;
    let reasons: Vec<_> = rows.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(reasons, ["Warmer", "Letters, kindly", "The first"]);
    // The bundle can be undone while one of its prompts is served by it; the first release never.
    let can: Vec<_> = rows.iter().map(|row| row.can_undo).collect();
    assert_eq!(can, [true, true, false]);
    let bundle = rows[1].id;

    let whole = desk.undo(bundle, &[]).await.unwrap();
    assert_eq!(told(&whole), [("triage", "v2", "v1"), ("tone", "v3", "v1")]);
    assert_eq!(whole.changes[0].undoes, ["v2 by Ana: Letters, kindly"]);
    assert_eq!(
        whole.changes[1].undoes,
        ["v3 by Ana: Warmer", "v2 by Ana: Letters, kindly"]
    );
    assert_eq!(whole.reason, "Undo: Letters, kindly");

    let part = desk.undo(bundle, &[desk.tone]).await.unwrap();
    assert_eq!(told(&part), [("triage", "v2", "v1")]);
    desk.carry_out(part).await;
    assert_eq!(
        pairs(&desk.serves().await),
        [("tone", "v3"), ("triage", "v1")]
    );

    // The rest of it later: what is back already stays as it is.
    let rest = desk.undo(bundle, &[]).await.unwrap();
    assert_eq!(told(&rest), [("tone", "v3", "v1")]);
    assert_eq!(
        rest.stays,
        ["production serves of triage already what it served before"]
    );
    desk.carry_out(rest).await;
    assert_eq!(
        pairs(&desk.serves().await),
        [("tone", "v1"), ("triage", "v1")]
    );
    assert_eq!(
        desk.undo(bundle, &[]).await.unwrap_err(),
        "production serves already what it served before that release"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_prompt_going_back_says_what_was_released_with_it() {
    let desk = Desk::new().await;
    let bundle = desk.history().await[0].id;
    let plan = desk
        .bench()
        .plan_revert(desk.project, desk.production, vec![desk.triage], None)
        .await
        .unwrap();
    assert_eq!(told(&plan), [("triage", "v2", "v1")]);
    assert_eq!(
        plan.stays,
        ["tone was released together with it (Letters, kindly)"]
    );
    assert_eq!(plan.together, Some(bundle));
    let whole = desk.undo(bundle, &[]).await.unwrap();
    assert_eq!((whole.stays.len(), whole.together), (0, None));
    desk.carry_out(whole).await;
    assert_eq!(
        pairs(&desk.serves().await),
        [("tone", "v1"), ("triage", "v1")]
    );

    // Nothing is undone twice over: a revert by a promotion, the first release by nothing.
    let rows = desk.history().await;
    assert!(
        desk.undo(rows[0].id, &[])
            .await
            .unwrap_err()
            .starts_with("that was a revert")
    );
    assert_eq!(
        desk.undo(rows[2].id, &[]).await.unwrap_err(),
        "that was the first release of production, so there is nothing to go back to"
    );
    let both = [desk.triage, desk.tone];
    let rows = desk.history().await;
    assert!(
        desk.undo(rows[1].id, &both)
            .await
            .unwrap_err()
            .contains("every prompt of it is kept")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn any_two_releases_are_compared() {
    let desk = Desk::new().await;
    let third = writes(desk.bench(), desk.project, desk.tone, "Be warm.", "Warm").await;
    desk.release(&[(desk.tone, third)], "Warmer").await;
    let rows = desk.history().await;
    let at = async |row: usize| desk.point("production", Some(rows[row].id)).await;
    let compare = async |left, right| {
        let found = desk.bench().compare_releases(desk.project, left, right);
        found.await
    };

    let found = compare(at(2).await, at(1).await).await.unwrap();
    assert_eq!(found.summary, "2 prompts differ");
    let names: Vec<_> = found.changes.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["tone", "triage"]);
    assert_eq!(
        (found.left.reason.as_deref(), found.left.now),
        (Some("The first"), false)
    );

    let found = compare(at(1).await, desk.point("production", None).await)
        .await
        .unwrap();
    assert_eq!((found.changes.len(), found.same), (1, 1));
    let change = &found.changes[0];
    assert_eq!(
        (change.before.as_str(), change.after.as_str()),
        ("v2", "v3")
    );
    assert!(change.diff.as_ref().is_some_and(|diff| !diff.equal));
    assert!(change.versions.is_some_and(|[a, b]| a != b));
    assert_eq!(found.summary, "One prompt differs; one is the same");
    assert!(found.right.now);
    assert_eq!(found.right.release, Some(rows[0].id));

    // The same release on both sides, an environment that never had one, and one that is elsewhere.
    let found = compare(at(0).await, at(0).await).await.unwrap();
    assert_eq!(found.summary, "Both served exactly the same: 2 prompts");
    let staging = desk.point("staging", None).await;
    let found = compare(staging, at(0).await).await.unwrap();
    assert_eq!(found.summary, "2 prompts are served by the second only");
    assert_eq!((found.left.release, found.left.prompts), (None, 0));
    let elsewhere = desk.point("staging", Some(rows[0].id)).await;
    let refused = compare(elsewhere, staging).await.unwrap_err();
    assert_eq!(refused.to_string(), "staging has no such release");
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_alone_are_a_difference() {
    let desk = Desk::new().await;
    let rows = desk.history().await;
    let newest = desk.newest(desk.tone).await;
    let view = desk.bench().prompt(desk.project, desk.tone).await.unwrap();
    let older = view.versions[1].id;
    let sides = [(newest, 90), (older, 10)].map(|(version, weight)| BundleSide { version, weight });
    let change = BundleChange {
        environment: desk.production,
        prompt: desk.tone,
        sides: sides.to_vec(),
    };
    let plan = desk
        .bench()
        .plan_release(desk.project, vec![change])
        .await
        .unwrap();
    desk.carry_out(plan).await;
    let before = desk.point("production", Some(rows[0].id)).await;
    let now = desk.point("production", None).await;
    let found = desk
        .bench()
        .compare_releases(desk.project, before, now)
        .await
        .unwrap();
    assert_eq!(found.changes.len(), 1);
    assert_eq!(
        found.changes[0].summary,
        "the same version has the largest share; the shares differ"
    );
    assert!(found.changes[0].diff.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_for_an_application_has_the_right_names_and_no_key() {
    let desk = Desk::new().await;
    let key = desk
        .bench()
        .create_key(desk.project, desk.production, "app".to_owned(), None)
        .await
        .unwrap();
    let view = desk
        .bench()
        .use_it(desk.project, desk.production, desk.triage)
        .await
        .unwrap();
    assert_eq!(view.notes, [] as [String; 0]);
    let labels: Vec<_> = view.samples.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "curl",
            "Python",
            "TypeScript",
            "Rust",
            "Langfuse, Python",
            "Langfuse, JavaScript"
        ]
    );
    for sample in &view.samples {
        assert!(sample.code.contains("triage"), "{}", sample.code);
        assert!(sample.code.contains("http://127.0.0.1:"), "{}", sample.code);
        assert!(sample.code.contains("GALLEY_KEY"), "{}", sample.code);
        assert!(!sample.code.contains("gal_env_") && !sample.code.contains(key.secret.reveal()));
    }
    // The address in it is the one that answers.
    let curl = &view.samples[0].code;
    let url = curl.rsplit('"').nth(1).unwrap();
    let read = reqwest::Client::new()
        .get(url)
        .bearer_auth(key.secret.reveal());
    assert_eq!(read.send().await.unwrap().status(), 200);

    let staging = environment(desk.bench(), desk.project, "staging").await;
    let view = desk
        .bench()
        .use_it(desk.project, staging, desk.triage)
        .await
        .unwrap();
    assert!(view.notes[0].starts_with("staging serves nothing of triage yet"));
}
