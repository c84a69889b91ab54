//! Everything a person can do, without a window: the use cases.
//!
//! * [`Workbench`] is the way in: one method for each thing that a person can do. The window and
//!   the terminal call the same ones.
//! * [`views`] is what the methods answer with: plain data, already in words.
//! * [`secrets`] is the keychain; nothing else touches it.
//!
//! It decides nothing by itself: rules live in `domain`, and what a screen says is made here so
//! that every screen says the same.

mod acting;
mod activity;
mod beginning;
mod caching;
mod carrying;
mod cases_in_use;
mod checking;
mod comparing;
mod comparing_releases;
mod counted;
mod counting;
mod dataset_files;
mod datasets;
mod devices;
mod drafts;
mod environments;
mod error;
mod evaluating;
mod exported_files;
mod files;
mod finding;
mod handful;
mod judging;
mod keys;
mod library;
mod local;
mod marking;
mod matrix;
mod missing_runs;
mod outbox;
mod people;
mod playing;
mod preparing;
mod prices;
mod promptfoo;
mod prompts;
mod proof;
mod providers;
mod reading;
mod release_views;
mod releasing;
mod removing;
mod replaying;
mod results;
mod reverting;
mod review;
mod run_tables;
mod running;
mod same_model;
mod sample;
mod searching;
pub mod secrets;
mod sent;
mod services;
mod sessions;
mod settings;
mod sharing;
mod suite_requests;
mod suites;
mod track;
mod trying;
mod using;
pub mod views;
mod watching;
mod webhooks;
pub mod words;

pub use devices::NewComputer;
pub use error::{Error, ErrorCode, plain};
pub use files::Exported;

pub use handful::{TRIED_CASES, TRIED_COLUMNS, asked_of};
pub use keys::NewKey;
pub use people::NewInvitation;
pub use playing::{PLAYGROUND_BYTES, PLAYGROUND_TURNS};
pub use proof::verify_folder;
pub use secrets::{Secret, Secrets, SecretsError};
pub use services::NewService;
pub use webhooks::NewWebhook;

use domain::ledger::{DeviceKey, PublicKey};
use domain::{Millis, PersonId, ProjectId};
use protocol::token::Token;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{KnownProject, Place, Store};
use tokio::sync::broadcast;
use views::{
    AnswerChunk, AnswerDone, Keychain, News, Notice, ProjectCard, ProjectChanged, RunAnswers,
    RunProgressed, Start, SyncChanged,
};

/// Where a workbench keeps its files and its secrets.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder for its files.
    pub home: PathBuf,
    /// The keychain.
    pub secrets: Secrets,
}

impl Options {
    /// The folder that the system gives to apps, or `GALLEY_HOME`, and the system's keychain.
    ///
    /// # Errors
    /// The system names no home folder.
    pub fn usual() -> Result<Self, Error> {
        let home = match std::env::var_os("GALLEY_HOME") {
            Some(home) => PathBuf::from(home),
            None => directories::ProjectDirs::from("dev", "Galley", "Galley")
                .ok_or_else(|| {
                    Error::not_found(
                        "this system names no folder for an app's files; set GALLEY_HOME",
                    )
                })?
                .data_dir()
                .to_owned(),
        };
        Ok(Self {
            secrets: Secrets::system(&home),
            home,
        })
    }
}

/// What the workbench says without being asked.
#[derive(Clone, Debug)]
pub enum Event {
    /// The ledger, the outbox or a draft of a project changed, here or elsewhere.
    ProjectChanged(ProjectChanged),
    /// Sync got somewhere.
    SyncChanged(SyncChanged),
    /// A run got somewhere.
    RunProgress(RunProgressed),
    /// An answer while it is being written.
    AnswerChunk(AnswerChunk),
    /// An answer of a handful is there, or will not come.
    AnswerDone(AnswerDone),
    /// The answers of a run that are being written.
    RunAnswers(RunAnswers),
    /// Something to tell the person that needs no answer.
    Notice(Notice),
    /// Somebody else did something about a review.
    News(News),
}

/// Everything a person can do.
#[derive(Clone)]
pub struct Workbench {
    inner: Arc<Inner>,
}

struct Inner {
    home: PathBuf,
    store: Store,
    secrets: Secrets,
    events: broadcast::Sender<Event>,
    sessions: sessions::Sessions,
    local: tokio::sync::OnceCell<local::Local>,
    plans: Mutex<VecDeque<(String, releasing::WaitingPlan)>>,
    runs: running::Running,
    /// The line before each provider, by its name.
    lines: Mutex<std::collections::HashMap<String, Arc<evals::Line>>>,
    matrices: matrix::Matrices,
    in_use: Arc<cases_in_use::CasesInUse>,
    holding: caching::Holding,
    marking: matrix::LastMarked,
    same_model: same_model::Known,
    /// What is tried now, by its name.
    trying: handful::Tries,
    /// Whether somebody watches the answers of runs while they are written.
    watched: std::sync::atomic::AtomicBool,
}

impl Workbench {
    /// Opens the laptop's file, and makes it on the first start.
    ///
    /// # Errors
    /// The file can't be opened: the words say what to do. Nothing is overwritten.
    pub fn open(options: Options) -> Result<Self, Error> {
        std::fs::create_dir_all(&options.home).map_err(|source| Error::File {
            what: format!("the folder {} can't be made", options.home.display()),
            source,
        })?;
        let store = Store::open(
            options.home.join("galley.sqlite"),
            &store::Options::default(),
        )?;
        let (events, _) = broadcast::channel(1024);
        let told = events.clone();
        store.on_change(move |changed| {
            if let Some(project) = changed.project {
                // Nobody may be listening: a terminal doesn't.
                let _ = told.send(Event::ProjectChanged(ProjectChanged { project }));
            }
        });
        let inner = Inner {
            home: options.home,
            store,
            secrets: options.secrets,
            events,
            sessions: sessions::Sessions::default(),
            local: tokio::sync::OnceCell::new(),
            plans: Mutex::default(),
            runs: running::Running::default(),
            lines: Mutex::default(),
            matrices: matrix::Matrices::default(),
            in_use: Arc::default(),
            holding: caching::Holding::default(),
            marking: matrix::LastMarked::default(),
            same_model: same_model::Known::default(),
            trying: handful::Tries::default(),
            watched: std::sync::atomic::AtomicBool::new(false),
        };
        let inner = Arc::new(inner);
        let bench = Arc::downgrade(&inner);
        inner.store.when_full(move || {
            if let Some(inner) = bench.upgrade() {
                Self { inner }.make_room();
            }
        });
        Ok(Self { inner })
    }

    /// What the workbench says from now on without being asked.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// The folder of this workbench's files.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.inner.home
    }

    /// What the window needs before it shows anything.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub async fn start(&self) -> Result<Start, Error> {
        let projects = self.projects()?;
        Ok(Start {
            last: projects
                .iter()
                .find(|card| card.setting_up.is_none())
                .map(|card| card.id),
            projects,
            keychain: self.keychain_now().await,
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            sample_available: true,
        })
    }

    /// The projects on this computer, the last used first.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub fn projects(&self) -> Result<Vec<ProjectCard>, Error> {
        self.store()
            .projects()?
            .iter()
            .map(|known| self.card_of(known))
            .collect()
    }

    /// Opens a project: from now on it syncs in the background.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn open_project(&self, project: ProjectId) -> Result<views::Library, Error> {
        let now = self.now();
        self.store()
            .update_project(project, |known| known.opened = Some(now))?;
        self.keep_in_step(project).await?;
        let this = self.clone();
        // Not waited for: the library is shown first. What could not be done is done next time.
        tokio::task::spawn_blocking(move || {
            let _ = this.tend(project);
        });
        self.library(project).await
    }

    /// The card of one project.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub fn card(&self, project: ProjectId) -> Result<ProjectCard, Error> {
        self.card_of(&self.store().known_project(project)?)
    }

    fn card_of(&self, known: &KnownProject) -> Result<ProjectCard, Error> {
        let view = self.store().view(known.id, self.now())?;
        let person = known
            .person
            .and_then(|id| view.ahead.person(id))
            .map(|person| person.name.clone());
        let address = match &known.place {
            Place::ThisComputer => None,
            Place::Registry { address } => Some(address.as_str()),
        };
        let name = view.ahead.name();
        Ok(ProjectCard {
            id: known.id,
            name: if name.is_empty() {
                known.name.clone()
            } else {
                name.to_owned()
            },
            place: settings::place(address),
            person: person.unwrap_or_default(),
            unsent: u32::try_from(view.pending.len()).unwrap_or(u32::MAX),
            default: self
                .store()
                .projects()?
                .first()
                .is_some_and(|first| first.id == known.id),
            sample: known
                .settings
                .get("sample")
                .is_some_and(|sample| sample == true),
            setting_up: beginning::setup_words(known),
        })
    }

    // The keychain speaks over a bus and may ask the person: not on a thread that others need.
    async fn keychain_now(&self) -> Keychain {
        let this = self.clone();
        let asked = tokio::task::spawn_blocking(move || this.keychain());
        asked.await.unwrap_or_else(|_| Keychain {
            available: false,
            message: "this computer's keychain did not answer".to_owned(),
        })
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.inner.secrets
    }

    pub(crate) fn now(&self) -> Millis {
        Millis(jiff::Timestamp::now().as_millisecond())
    }

    pub(crate) fn say(&self, event: Event) {
        let _ = self.inner.events.send(event);
    }

    pub(crate) fn say_changed(&self, project: ProjectId) {
        self.say(Event::ProjectChanged(ProjectChanged { project }));
    }

    /// This computer's key in a project.
    pub(crate) fn device_key(&self, project: ProjectId) -> Result<DeviceKey, Error> {
        let secret = self
            .secrets()
            .find(&device_key_name(project))?
            .ok_or_else(|| {
                Error::Secrets(SecretsError::Unavailable(
                    "this project's key is not in it".to_owned(),
                ))
            })?;
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        hex::decode_to_slice(secret.reveal(), &mut *seed)
            .map_err(|_| Error::invalid("this project's key in the keychain is damaged"))?;
        Ok(DeviceKey::from_seed(&seed))
    }

    /// The public half, which is known without the keychain.
    pub(crate) fn public_key(&self, project: ProjectId) -> Result<PublicKey, Error> {
        let known = self.store().known_project(project)?;
        known.device.ok_or_else(|| {
            Error::not_found("this computer has no key in the project: it can only look")
        })
    }

    pub(crate) fn keep_keys(
        &self,
        project: ProjectId,
        seed: &Secret,
        token: &Token,
    ) -> Result<(), Error> {
        self.secrets().keep(&device_key_name(project), seed)?;
        self.secrets()
            .keep(&token_name(project), &Secret::new(token.reveal()))?;
        Ok(())
    }

    pub(crate) fn drop_keys(&self, project: ProjectId) -> Result<(), Error> {
        self.secrets().forget(&device_key_name(project))?;
        self.secrets().forget(&token_name(project))?;
        Ok(())
    }

    pub(crate) fn add_project(
        &self,
        project: ProjectId,
        name: &str,
        address: Option<String>,
        person: PersonId,
        device: PublicKey,
    ) -> Result<(), Error> {
        let place = match address {
            None => Place::ThisComputer,
            Some(address) => Place::Registry { address },
        };
        let mut known = KnownProject::new(project, name, place);
        known.person = Some(person);
        known.device = Some(device);
        known.opened = Some(self.now());
        self.store().add_project(&known)?;
        Ok(())
    }

    pub(crate) fn plan(&self, id: &str) -> Option<releasing::WaitingPlan> {
        locked(&self.inner.plans)
            .iter()
            .find(|(kept, _)| kept == id)
            .map(|(_, plan)| plan.clone())
    }

    pub(crate) fn remember_plan(&self, id: String, plan: releasing::WaitingPlan, most: usize) {
        let mut plans = locked(&self.inner.plans);
        plans.push_back((id, plan));
        while plans.len() > most {
            plans.pop_front();
        }
    }

    pub(crate) fn forget_plan(&self, id: &str) {
        locked(&self.inner.plans).retain(|(kept, _)| kept != id);
    }
}

impl std::fmt::Debug for Workbench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Workbench({})", self.inner.home.display())
    }
}

pub(crate) fn device_key_name(project: ProjectId) -> String {
    format!("device key for {project}")
}

pub(crate) fn token_name(project: ProjectId) -> String {
    format!("token for {project}")
}

/// What the lock guards is replaced whole: a panic elsewhere leaves nothing half-made.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
