//! A pipeline, as docs/ci.md tells it: the script there is the script here.

use crate::support::program::built;
use crate::support::wait::until;
use crate::support::{Model, Person, Registry};
use domain::dataset::Case;
use domain::gate::Gate;
use domain::permissions::Rights;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use workbench::Secret;
use workbench::views::{Asking, BundleChange, BundleSide, PersonRole};

/// The folder and the environment that a pipeline runs in.
pub(super) struct Pipeline {
    pub home: TempDir,
    pub registry: String,
    pub secret: Secret,
    pub model: String,
}

impl Pipeline {
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let beside = built("galley");
        let folder = beside.parent().expect("a binary lies in a folder");
        let path = std::env::join_paths(std::iter::once(folder.to_owned()).chain(
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()),
        ))
        .expect("a path");
        let mut command = Command::new(program);
        command
            // No bus, no keychain, no home: what a pipeline's machine has.
            .env_clear()
            .env("PATH", path)
            .env("GALLEY_HOME", self.home.path())
            .env("GALLEY_REGISTRY", &self.registry)
            .env("GALLEY_SECRET", self.secret.reveal())
            .env("MODEL_ADDRESS", &self.model)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn galley(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let ran = self.command("galley").args(arguments).output();
        said(ran.expect("galley runs"))
    }
}

fn said(output: Output) -> (Option<i32>, String) {
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), said.concat())
}

/// Panics with what a child had said, if it has ended.
fn ended_early(child: &mut std::process::Child) {
    use std::io::Read as _;
    if child.try_wait().expect("a child").is_none() {
        return;
    }
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let _ = child
        .stdout
        .take()
        .map(|mut out| out.read_to_end(&mut stdout));
    let _ = child
        .stderr
        .take()
        .map(|mut out| out.read_to_end(&mut stderr));
    let told = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    panic!("it ended before it asked: {}", told.concat());
}

/// The one script in docs/ci.md.
fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let after = page.split_once("```sh\n").expect("it has a script").1;
    after.split_once("```").expect("which ends").0.to_owned()
}

/// Every file below a folder that holds a text.
fn holding(folder: &Path, text: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            holding(&path, text, found);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        if bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_runs_asks_waits_and_releases() {
    let model = Model::start();
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let rita = Person::invited_as(PersonRole::Reviewer, &ana, "Rita", &registry).await;
    let version = ana
        .writes_for_a_model("support/triage", "Name the intent.")
        .await;
    let case = Case {
        id: "one".to_owned(),
        inputs: Default::default(),
        expected: None,
        tags: Vec::new(),
        note: String::new(),
        other: Default::default(),
    };
    let dataset = ana
        .bench
        .save_dataset(ana.project, None, "Support messages".to_owned(), vec![case])
        .await
        .expect("a dataset")
        .id;
    ana.releases("support/triage", &version, "staging").await;
    let staging = ana.environment("staging").await;
    ana.demands("production", |policy| {
        policy.approvals = 1;
        policy.independent = true;
        policy.path = vec![staging];
        policy.gates = vec![Gate {
            dataset,
            prompts: Vec::new(),
            least_passed: 10_000,
            largest_loss: None,
        }];
    })
    .await;
    let production = ana.environment("production").await;
    let rights = Rights {
        save: false,
        run: true,
        ask: true,
        release: vec![production],
    };
    let service = ana
        .bench
        .create_service(ana.project, "nightly checks".to_owned(), None, rights)
        .await
        .expect("an admin makes service accounts");
    assert!(service.not_yet.is_none(), "{:?}", service.not_yet);
    let pipeline = Pipeline {
        home: tempfile::tempdir().expect("a folder"),
        registry: registry.address(),
        secret: service.secret,
        model: model.address().to_owned(),
    };

    let running = pipeline.command("sh").arg("-c").arg(example()).spawn();
    let running = std::sync::Mutex::new(running.expect("a shell"));
    // It has run, it has asked, and now it waits for Rita.
    let request = until("the pipeline to ask", async || {
        ended_early(&mut running.lock().expect("nobody panicked with it"));
        rita.syncs().await;
        let inbox = rita.bench.review_inbox(rita.project).await.expect("inbox");
        inbox
            .waiting
            .first()
            .map(|row| row.id)
            .ok_or_else(|| "nothing asked yet".to_owned())
    })
    .await;
    let ends = tokio::task::spawn_blocking(move || {
        let running = running.into_inner().expect("nobody panicked with it");
        running.wait_with_output()
    });
    let seen = rita.looks_at(request).await;
    assert_eq!(seen.row.by, "nightly checks");
    assert_eq!(seen.row.reason, "Staging answered every message");
    assert_eq!(seen.parts[0].evidence.len(), 1, "its run is there");
    // It can't do what only people may, with all its rights.
    let short = request.0.simple().to_string();
    let (code, refused) = pipeline.galley(&["review", "approve", &short]);
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("service"), "{refused}");
    rita.approves(request).await.expect("Rita approves");

    let (code, told) = said(ends.await.expect("it ends").expect("with an output"));
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("Released"), "{told}");
    let key = ana.makes_a_key("production").await;
    let (_, served) = registry.read("support/triage", key.reveal()).await;
    assert!(served.to_string().contains("Name the intent."), "{served}");
    ana.syncs().await;
    let after = ana.looks_at(request).await;
    assert_eq!(after.parts[0].done, 1);

    // What it was given stands nowhere.
    let secret = pipeline.secret.reveal().to_owned();
    let mut found = Vec::new();
    holding(pipeline.home.path(), &secret[8..40], &mut found);
    assert!(found.is_empty(), "{found:?}");
    assert!(!told.contains(&secret[8..40]), "{told}");

    // Removed, it is nobody, and says so.
    ana.bench
        .remove_person(ana.project, service.id)
        .await
        .expect("an admin removes it");
    let (code, gone) = pipeline.galley(&["status"]);
    assert_eq!(code, Some(1), "{gone}");
    assert!(gone.contains("removed"), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_is_told_what_is_to_change_and_goes_on_where_it_was() {
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let rita = Person::invited_as(PersonRole::Reviewer, &ana, "Rita", &registry).await;
    let version = ana.writes("support/triage", "Name the intent.").await;
    ana.releases("support/triage", &version, "staging").await;
    ana.demands("production", |policy| policy.approvals = 1)
        .await;
    let rights = Rights {
        ask: true,
        ..Rights::default()
    };
    let service = ana
        .bench
        .create_service(ana.project, "asks only".to_owned(), None, rights)
        .await
        .expect("an admin makes service accounts");
    let pipeline = Pipeline {
        home: tempfile::tempdir().expect("a folder"),
        registry: registry.address(),
        secret: service.secret,
        model: String::new(),
    };
    let promote = |more: &[&'static str]| {
        let mut all = vec![
            "promote",
            "support/triage",
            "--from",
            "staging",
            "--to",
            "production",
            "--wait",
            "--json",
        ];
        all.extend(more);
        all
    };

    // The time is over at once: it has asked, and says how to go on.
    let (code, told) = pipeline.galley(&promote(&["--timeout", "1ms"]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("\"timeout\""), "{told}");
    rita.syncs().await;
    let inbox = rita.bench.review_inbox(rita.project).await.expect("inbox");
    assert_eq!(inbox.waiting.len(), 1, "asked once");
    let request = inbox.waiting[0].id;
    rita.asks_for_changes(request, "Say what to do with two intents")
        .await;

    // Again is the same request, and its reviewer's words.
    let (code, told) = pipeline.galley(&promote(&[]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("\"changes_asked\""), "{told}");
    assert!(told.contains("two intents"), "{told}");
    rita.syncs().await;
    let inbox = rita.bench.review_inbox(rita.project).await.expect("inbox");
    let open = inbox.waiting.len() + inbox.others.len();
    assert_eq!(open, 1, "no second request was opened");

    // Approved, it still is not for this account to release; for whoever may, it is.
    rita.approves(request)
        .await
        .expect("she has changed her mind");
    let (code, told) = pipeline.galley(&promote(&["--timeout", "1ms"]));
    assert_eq!(code, Some(1), "{told}");
    ana.syncs().await;
    ana.releases_request(request, "production")
        .await
        .expect("Ana may");
    let (code, told) = pipeline.galley(&promote(&[]));
    assert_eq!(code, Some(0), "it is released, which was wanted: {told}");

    assert!(told.contains("\"served_already\": true"), "{told}");

    // An empty secret, or none in the folder of a service: nothing is done as nobody.
    for unset in [false, true] {
        let mut command = pipeline.command("galley");
        match unset {
            true => command.env_remove("GALLEY_SECRET"),
            false => command.env("GALLEY_SECRET", ""),
        };
        let revert = [
            "revert",
            "support/triage",
            "--in",
            "production",
            "-m",
            "Back",
        ];
        let (code, told) = said(command.args(revert).output().expect("galley runs"));
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains("GALLEY_SECRET"), "{told}");
    }
    let (_, outbox) = pipeline.galley(&["outbox", "--json"]);
    assert_eq!(outbox.trim(), "[]", "nothing was left behind");

    // A secret without an address, and one that is none.
    let bare = pipeline
        .command("galley")
        .env_remove("GALLEY_REGISTRY")
        .arg("status")
        .output();
    let (code, told) = said(bare.expect("galley runs"));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("GALLEY_REGISTRY"), "{told}");
    let broken = pipeline
        .command("galley")
        .env("GALLEY_SECRET", "gal_svc_broken")
        .arg("status")
        .output();
    let (code, told) = said(broken.expect("galley runs"));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("not a service account's secret"), "{told}");
    assert!(!told.contains("gal_svc_broken"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ordered_is_released_as_soon_as_it_is_approved_and_nothing_else() {
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let ben = Person::invited_by(&ana, "Ben", &registry).await;
    let rita = Person::invited_as(PersonRole::Reviewer, &ana, "Rita", &registry).await;
    ana.demands("production", |policy| policy.approvals = 1)
        .await;
    ana.syncs().await;
    ben.syncs().await;
    let version = ben.writes("support/triage", "Name the intent.").await;
    ben.syncs().await;
    let request = ben.asks_for("support/triage", &version, "production").await;
    let seen = ben.looks_at(request).await;
    assert!(seen.can.order && !seen.ordered);
    // Another digest is not what was on the screen.
    let other = domain::Digest::of(b"something else");
    assert!(
        ben.bench
            .release_when_approved(ben.project, request, other, true)
            .await
            .is_err()
    );
    ben.bench
        .release_when_approved(ben.project, request, seen.digest, true)
        .await
        .expect("Ben may release there");
    assert!(ben.looks_at(request).await.ordered);
    ben.bench
        .open_project(ben.project)
        .await
        .expect("Galley is open on Ben's laptop");

    rita.syncs().await;
    rita.approves(request).await.expect("Rita approves");
    let key = ana.makes_a_key("production").await;
    until("Ben's laptop to release it", async || {
        let (_, served) = registry.read("support/triage", key.reveal()).await;
        served
            .to_string()
            .contains("Name the intent.")
            .then_some(())
            .ok_or_else(|| served.to_string())
    })
    .await;

    // Production moved under a second request: what Ben ordered is not what would go now.
    rita.syncs().await;
    ana.syncs().await;
    let between = ben
        .rewrites("support/triage", "Name one intent.", "One")
        .await;
    ben.syncs().await;
    let plain = ben.asks_for("support/triage", &between, "production").await;
    rita.syncs().await;
    rita.approves(plain).await.expect("Rita approves");
    ben.syncs().await;
    ben.releases_request(plain, "production")
        .await
        .expect("by hand");
    let second = ben
        .rewrites("support/triage", "Name the intent in a word.", "Shorter")
        .await;
    ben.syncs().await;
    let request = ben.asks_for("support/triage", &second, "production").await;
    let seen = ben.looks_at(request).await;
    ben.bench
        .release_when_approved(ben.project, request, seen.digest, true)
        .await
        .expect("ordered");
    ana.syncs().await;
    ana.reverts("support/triage", "production")
        .await
        .expect("a revert needs no approval");
    ben.syncs().await;
    ben.bench
        .renew_request(ben.project, request)
        .await
        .expect("renewed");
    rita.syncs().await;
    rita.approves(request)
        .await
        .expect("Rita approves what it asks now");
    until("the order to be dropped", async || {
        ben.syncs().await;
        let view = ben.looks_at(request).await;
        match view.ordered {
            false => Ok(()),
            true => Err(view.row.words),
        }
    })
    .await;
    let view = ben.looks_at(request).await;
    assert_eq!(view.parts[0].done, 0, "nobody looked at this one");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_in_steps_is_not_what_a_pipeline_waits_for() {
    let ana = Person::alone("Ana").await;
    let first = ana.writes("support/triage", "Name the intent.").await;
    ana.releases("support/triage", &first, "production").await;
    ana.demands("production", |policy| policy.approvals = 1)
        .await;
    let second = ana
        .rewrites("support/triage", "Name the intent in a word.", "Shorter")
        .await;
    let environment = ana.environment("production").await;
    let prompt = ana.prompt_id("support/triage").await;
    let plan = async || {
        let sides = vec![BundleSide {
            version: second.id,
            weight: 100,
        }];
        let change = BundleChange {
            environment,
            prompt,
            sides,
        };
        let plan = ana.bench.plan_release(ana.project, vec![change]).await;
        plan.expect("a plan").id
    };
    let like = async || {
        let found = ana.bench.request_like(ana.project, &plan().await).await;
        found.expect("the plan is known")
    };
    let asks = async |shares: Vec<u32>| {
        let asking = Asking {
            reason: "Shorter".to_owned(),
            shares,
            ..Asking::default()
        };
        let asked = ana
            .bench
            .ask_for_release(ana.project, plan().await, asking)
            .await;
        asked.expect("asked").request
    };
    let slowly = asks(vec![10, 50]).await;
    assert_eq!(ana.looks_at(slowly).await.parts[0].steps, 3);
    // Taken for it, all three steps would go at once.
    assert_eq!(like().await, None);
    let at_once = asks(Vec::new()).await;
    assert_eq!(like().await, Some(at_once));
}
