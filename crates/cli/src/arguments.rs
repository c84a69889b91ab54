//! The shape of the command line.

use crate::dataset_arguments::Datasets;
use crate::gate_arguments::{Gate, Suites};
use crate::review_arguments::{Policies, Review};
use crate::run_arguments::{Cache, Compare, Mark, Prices, Provider, Run};
use crate::service_arguments::Service;
use crate::try_arguments::Try;
use crate::webhook_arguments::Hooks;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Write prompts, compare versions, try them on samples, and release them, with or without a network.
///
/// Without --project the project that was used last is meant. Prompts and environments are named
/// as on screen (support/triage, production). Without an environment the default one is meant.
#[derive(Parser)]
#[command(
    name = "galley",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// The project, by its name or id.
    #[arg(long, short, global = true, env = "GALLEY_PROJECT")]
    pub project: Option<String>,
    /// Answer with one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Subcommand)]
pub enum Command {
    /// Begin: the sample, a project of your own, or a team's with an invitation.
    #[command(subcommand)]
    Login(Login),
    /// How far this computer is in step, and what waits for you.
    Status,
    /// The prompts, and what each environment serves.
    List {
        /// Archived ones too.
        #[arg(long)]
        all: bool,
    },
    /// One prompt: a version's content, or what an environment serves or served.
    Show {
        /// The prompt.
        prompt: String,
        #[command(flatten)]
        which: Which,
        /// What the environment served at this time (2026-05-03T14:00, or with a zone).
        #[arg(long)]
        at: Option<String>,
    },
    /// Begin a prompt with a draft.
    New {
        /// Its name; / makes folders.
        name: String,
        /// A snippet: one text that other prompts include.
        #[arg(long)]
        snippet: bool,
        /// The content (YAML or JSON) from a file, or - for standard input.
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Change a prompt's draft: in $EDITOR as YAML, or from a file.
    ///
    /// A text holds its inputs as {{ name }}. Each is declared under `inputs`, with its name and type
    /// (text, number, boolean, list, object), and where wanted `required: true`, `default` and `description`:
    ///
    ///   inputs:
    ///   - name: message
    ///     type: text
    ///     required: true
    #[command(verbatim_doc_comment)]
    Edit {
        /// The prompt.
        prompt: String,
        /// The content (YAML or JSON) from a file, or - for standard input.
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// What changed: between two versions, or in the draft since its base.
    Diff {
        /// The prompt.
        prompt: String,
        /// The earlier one: v7, latest, a label, an environment, or draft.
        #[arg(default_value = "base")]
        left: String,
        /// The later one.
        #[arg(default_value = "draft")]
        right: String,
    },
    /// Put a prompt's draft away. It can be brought back.
    Discard {
        /// The prompt, or the name that a new draft has.
        prompt: String,
        /// Bring back the draft of this name that was put away last.
        #[arg(long)]
        undo: bool,
    },
    /// Bring a prompt's two newest versions together, where two people changed it at once.
    ///
    /// What only one of them changed is taken. Where both changed the same thing it is listed, and
    /// nothing is saved until each has been decided.
    Merge {
        /// The prompt.
        prompt: String,
        /// Decide one: its number, and mine, theirs or both (1=mine, 2=theirs); all=mine decides the rest. Several times.
        #[arg(long, value_name = "NUMBER=WHOSE")]
        take: Vec<String>,
        /// Change the merged content in $EDITOR before it is saved.
        #[arg(long)]
        edit: bool,
        /// What to say about it; without it, whose versions were brought together.
        #[arg(long, short)]
        message: Option<String>,
    },
    /// Save the draft as a version.
    Save {
        /// The prompt.
        prompt: String,
        /// What changed and why, for whoever reviews it.
        #[arg(long, short)]
        message: String,
    },
    /// The versions of a prompt, or the project's history.
    Log {
        /// The prompt; without it the whole project.
        prompt: Option<String>,
        /// How many lines.
        #[arg(long, default_value_t = 30)]
        limit: u32,
    },
    /// Try a prompt on a case or a handful, or go on with what it answers. Nothing of it leaves this
    /// computer but the question itself.
    Try(Try),
    /// Run versions over a dataset; the exit code is 1 if a case fails, 3 if answers wait for people's
    /// marks. With --for: run one over
    /// its suite so that it counts; the exit codes are those of `galley gate`.
    Run(Run),
    /// Two versions over a dataset: what the later one does better and worse, and how sure that is.
    /// What is in the cache is not asked again.
    Compare(Compare),
    /// Mark the answers of a run, one at a time, without being told which version gave them.
    ///
    /// For each: y (good) or n (not good), or 1 to 5; words after it are a note. Enter skips it, u takes the
    /// last one back, q stops. What was marked is kept at once.
    Mark(Mark),
    /// Send what waits and fetch what is new.
    Sync,
    /// What the registry refused or has not accepted yet.
    Outbox {
        /// Settle one: its id.
        #[arg(long)]
        settle: Option<String>,
        /// How: again, drop, or keep-as-draft.
        #[arg(long, requires = "settle", default_value = "again")]
        how: String,
    },
    /// Let an environment serve what another serves.
    Promote {
        /// The prompts.
        #[arg(required = true)]
        prompts: Vec<String>,
        /// From which environment.
        #[arg(long)]
        from: String,
        /// To which; without it the one after.
        #[arg(long)]
        to: Option<String>,
        /// Why; without it the authors' own words.
        #[arg(long, short = 'm')]
        reason: Option<String>,
        /// Where the policy asks for it, ask for a review, wait, and release once it is approved.
        /// The exit code is 1 if changes are asked for, if it is withdrawn, or if the time is over.
        #[arg(long)]
        wait: bool,
        /// How long to wait (90s, 30m, 12h). Again goes on waiting for the same request.
        #[arg(long, requires = "wait", default_value = "1h", value_name = "TIME", value_parser = crate::waiting_time)]
        timeout: std::time::Duration,
    },
    /// Let an environment serve a version, or a split of several.
    Release {
        /// The prompt.
        prompt: String,
        /// The versions, with percents for a split: v8, or v8=90 v9=10. None: stop serving it.
        versions: Vec<String>,
        /// Where; without it the default environment.
        #[arg(long, visible_alias = "in")]
        to: Option<String>,
        /// Why.
        #[arg(long, short = 'm')]
        reason: String,
    },
    /// Go back to what an environment served before.
    Revert {
        /// The prompts.
        #[arg(required_unless_present = "release", conflicts_with = "release")]
        prompts: Vec<String>,
        /// Undo this release as a whole (its id, as `galley releases` shows it) instead of naming prompts.
        #[arg(long, value_name = "ID")]
        release: Option<String>,
        /// With --release: leave this prompt as it is, with what was released since. Several times.
        #[arg(long, value_name = "PROMPT", requires = "release")]
        keep: Vec<String>,
        /// Where; without it the default environment.
        #[arg(long = "in")]
        place: Option<String>,
        /// Why.
        #[arg(long, short = 'm')]
        reason: String,
    },
    /// What an environment has served, release by release; or two of them compared.
    Releases {
        /// Where; without it the default environment.
        #[arg(long = "in")]
        place: Option<String>,
        /// How many, the newest first.
        #[arg(long, default_value_t = 30)]
        limit: usize,
        /// Compare two: each a release's id (what was served right after it), an environment (what it
        /// serves now), or `now`.
        #[arg(long, num_args = 2, value_names = ["LEFT", "RIGHT"])]
        compare: Vec<String>,
    },
    /// Ready code with which an application reads a prompt from an environment. No key is in it.
    Use {
        /// The prompt.
        prompt: String,
        /// Which environment; without it the default one.
        #[arg(long = "in")]
        place: Option<String>,
        /// In which language: curl, python, typescript, rust, langfuse. Without it, all.
        #[arg(long = "for", value_name = "LANGUAGE")]
        language: Option<String>,
    },
    /// Requests: what waits for your verdict, asking, approving, releasing what was approved.
    #[command(visible_alias = "request")]
    Review {
        #[command(subcommand)]
        what: Option<Review>,
    },
    /// What an environment's gates say of a version: exit code 0 pass, 1 fail, 3 can't tell.
    Gate(Gate),
    /// By what a prompt is judged.
    Suite {
        /// What to do.
        #[command(subcommand)]
        what: Suites,
    },
    /// What environments demand before a release.
    Policy {
        #[command(subcommand)]
        what: Option<Policies>,
    },
    /// Webhooks: programs that a team's registry tells what happens (admins).
    Webhook {
        #[command(subcommand)]
        what: Option<Hooks>,
    },
    /// The projects on this computer.
    #[command(subcommand)]
    Project(Project),
    /// Environments.
    #[command(subcommand)]
    Env(Env),
    /// Keys with which applications read.
    #[command(subcommand)]
    Key(Key),
    /// People and invitations.
    #[command(subcommand, visible_alias = "member")]
    People(People),
    /// Service accounts: programs, like a pipeline, that act for the project.
    #[command(subcommand)]
    Service(Service),
    /// Who answers prompts on this computer.
    #[command(subcommand)]
    Provider(Provider),
    /// What models cost, as you write it down: none comes with Galley.
    #[command(subcommand)]
    Price(Prices),
    /// The answers that are kept on this computer.
    #[command(subcommand)]
    Cache(Cache),
    /// Datasets: the cases on which prompts are tried.
    #[command(subcommand)]
    Dataset(Datasets),
    /// Datasets, promptfoo configurations, and bringing an exported project back.
    Import {
        /// A CSV or JSON Lines file with cases, a promptfooconfig.yaml, or the folder of an exported
        /// project. Of a promptfoo configuration only files below its own folder are read, and
        /// nothing is run.
        path: PathBuf,
        /// What the dataset is called; without it the file's name. Of a promptfoo configuration also
        /// the folder of its prompts; without it what its description says.
        #[arg(long)]
        name: Option<String>,
        /// Only say what a promptfoo configuration would come to.
        #[arg(long)]
        look: bool,
        /// Do it also if something looks like a secret or personal data and others will see it.
        #[arg(long)]
        anyway: bool,
    },
    /// Write the project as a readable folder.
    Export {
        /// A folder that does not exist yet.
        folder: PathBuf,
    },
    /// Move a project from this computer to a team's registry. Asks for the invitation.
    Share {
        /// The registry's address.
        address: String,
        /// Share it although a dataset seems to hold secrets or personal data.
        #[arg(long)]
        anyway: bool,
    },
    /// Check the whole history: chain, signatures, decisions. The exit code is 1 if it does not hold.
    Verify {
        /// A folder that `export` wrote, also held against the same project on this computer if it is here; without it
        /// the project on this computer.
        folder: Option<PathBuf>,
    },
    /// Completions for a shell, on standard output.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Which version is meant.
#[derive(Args)]
pub struct Which {
    /// v7, latest, a label, an environment, or draft.
    #[arg(value_name = "VERSION", default_value = "latest")]
    pub which: String,
}

/// How to begin.
#[derive(Subcommand)]
pub enum Login {
    /// The sample project, on this computer.
    Sample,
    /// A project of your own, on this computer.
    Own {
        /// What it is called.
        name: String,
        /// What you are called.
        #[arg(long = "as")]
        person: String,
    },
    /// A team's registry. Asks for the invitation (or reads GALLEY_SECRET).
    Team {
        /// Its address.
        address: String,
        /// What you are called.
        #[arg(long = "as")]
        person: String,
        /// What the project is called, if the invitation makes a new one.
        #[arg(long)]
        project_name: Option<String>,
    },
    /// A team's registry, on a further computer of yours. Asks for the link that `galley people
    /// add-computer` wrote on the other one (or reads GALLEY_SECRET).
    Computer {
        /// Its address.
        address: String,
    },
}

/// The projects on this computer.
#[derive(Subcommand)]
pub enum Project {
    /// All, with their ids; the first is meant when none is named.
    List,
    /// Take one off this computer. Says first what would be lost.
    Remove {
        /// Its name or id.
        name: String,
        /// Do it without asking, whatever is lost.
        #[arg(long)]
        anyway: bool,
    },
}

/// Environments.
#[derive(Subcommand)]
pub enum Env {
    /// All, in order.
    List,
    /// Add one.
    Add {
        /// Its name.
        name: String,
        /// The one it comes after; without it the first place.
        #[arg(long)]
        after: Option<String>,
    },
    /// Rename one. Says first what follows from it.
    Rename {
        /// Which.
        name: String,
        /// The new name.
        new: String,
        /// Do it without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Put all in another order.
    Reorder {
        /// All names, in the new order.
        names: Vec<String>,
    },
    /// Retire one. Says first what follows from it.
    Retire {
        /// Which.
        name: String,
        /// Do it without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Make one the default. Says first what follows from it.
    Default {
        /// Which.
        name: String,
        /// Do it without asking.
        #[arg(long)]
        yes: bool,
    },
}

/// Keys with which applications read.
#[derive(Subcommand)]
pub enum Key {
    /// All, with their ends and when each was last used.
    List,
    /// Make one. Its secret is written once, to standard output.
    New {
        /// What it is for.
        name: String,
        /// The environment it reads; without it the default one.
        #[arg(long, visible_alias = "in")]
        env: Option<String>,
        /// When it ends by itself: after so many days (90), or with a day (2027-03-31). Without it, never.
        #[arg(long, alias = "days", value_name = "DAYS|DAY")]
        expires: Option<String>,
    },
    /// Make one in place of another. Its secret is written once, to standard output; both work for a
    /// while, so that no application is without one.
    Rotate {
        /// The old one's name, id, or how it begins.
        key: String,
        /// For how many days the old one still works; 0 to end it at once, 90 at most.
        #[arg(long, value_name = "DAYS", default_value_t = 7)]
        overlap: u32,
        /// When the new one ends by itself: after so many days (90), or with a day (2027-03-31). Without it, never.
        #[arg(long, alias = "days", value_name = "DAYS|DAY")]
        expires: Option<String>,
    },
    /// End one.
    Revoke {
        /// Its name, id, or how it begins.
        key: String,
    },
}

/// What a person may do.
#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    /// Reads and comments.
    Viewer,
    /// Writes, saves, releases.
    Author,
    /// Also gives verdicts on requests.
    Reviewer,
    /// Also changes people, environments, keys and policies.
    Admin,
}

/// People and invitations.
#[derive(Subcommand)]
pub enum People {
    /// Everybody, with roles and devices.
    List,
    /// Invite somebody. The invitation is written once, to standard output.
    Invite {
        /// Who.
        name: String,
        /// What they may do; each role may do what those before it may.
        #[arg(long, value_enum, default_value = "author")]
        role: Role,
    },
    /// Change what somebody may do.
    Role {
        /// Who.
        name: String,
        /// What they may do from now on.
        #[arg(value_enum)]
        role: Role,
    },
    /// Remove somebody.
    Remove {
        /// Who.
        name: String,
    },
    /// A link with which you begin on a further computer of yours. It is written once, to standard
    /// output, and works once, for a day: galley login computer ADDRESS.
    AddComputer,
    /// End one device: nothing signed with it counts from now on. Do this at once when it is lost.
    RevokeDevice {
        /// Whose.
        name: String,
        /// Which, as `people list` shows it.
        device: String,
    },
}
