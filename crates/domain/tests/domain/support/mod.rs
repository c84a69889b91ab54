//! A small world in which stories happen: people with devices, a registry with a clock, content.
//!
//! `world.alice().creates("support/triage")` signs a command, has it decided and recorded, and
//! reads the entry back from its line. When a world ends, its whole ledger is verified from the
//! first entry and compared with the state, so every story is also a test of replaying.

mod bodies;
mod chain;
mod review;
mod suites;

pub use bodies::*;
pub use chain::*;
pub use review::*;
pub use suites::*;

use domain::ledger::{
    Body, Command, DeviceKey, Entry, KeyHash, NewEnvironment, Seen, SignedCommand,
};
use domain::permissions::Role;
use domain::project::{Outcome, Replay, Trial};
use domain::{
    CommandId, Digest, EnvironmentId, InvitationId, Millis, PersonId, Project, ProjectId, PromptId,
    Refusal, RefusalCode, ReleaseId, SaltedText, VersionContent, VersionId,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

pub type Contents = BTreeMap<Digest, Arc<[u8]>>;

/// The first moment of every story.
pub const START: Millis = Millis(1_750_000_000_000);
/// An hour.
pub const HOUR: i64 = 3_600_000;

pub const PROJECT: ProjectId = ProjectId(Uuid::from_u128(1));
pub const DEVELOPMENT: EnvironmentId = EnvironmentId(Uuid::from_u128(0xE1));
pub const STAGING: EnvironmentId = EnvironmentId(Uuid::from_u128(0xE2));
pub const PRODUCTION: EnvironmentId = EnvironmentId(Uuid::from_u128(0xE3));

/// Who acts. Alice founded the project; Bob and Carol joined as authors; Mallory is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Alice,
    Bob,
    Carol,
    Mallory,
}

impl Who {
    pub fn key(self) -> DeviceKey {
        key(match self {
            Self::Alice => 1,
            Self::Bob => 2,
            Self::Carol => 3,
            Self::Mallory => 66,
        })
    }
}

/// The device key of a number.
pub fn key(seed: u8) -> DeviceKey {
    DeviceKey::from_seed(&[seed; 32])
}

/// The hash of the secret of a number.
pub fn hash(seed: u16) -> KeyHash {
    KeyHash(Digest::of(&seed.to_be_bytes()).0)
}

pub struct World {
    project: Project,
    pub contents: Contents,
    pub entries: Vec<Entry>,
    /// The registry's clock.
    pub now: Millis,
    next_id: u128,
    pub alice: PersonId,
    pub bob: PersonId,
    pub carol: PersonId,
}

impl World {
    /// A project that Alice founded, with three environments, Bob and Carol.
    pub fn new() -> Self {
        let mut world = Self::founded();
        world.bob = world.alice().invites_and_joins("Bob", 2, Role::Author);
        world.carol = world.alice().invites_and_joins("Carol", 3, Role::Author);
        world
    }

    /// A project of one entry.
    pub fn founded() -> Self {
        let mut world = Self::nothing();
        let id = CommandId(PROJECT.0);
        let founding = world.command(
            id,
            &Who::Alice.key(),
            Seen::default(),
            found("Support desk"),
        );
        world
            .submit(&Who::Alice.key().signs(founding))
            .expect("the founding");
        world
    }

    /// A ledger without entries.
    pub fn nothing() -> Self {
        let nobody = PersonId(Uuid::nil());
        Self {
            project: Project::new(),
            contents: Contents::new(),
            entries: Vec::new(),
            now: START,
            next_id: 0x1000,
            alice: PersonId(PROJECT.0),
            bob: nobody,
            carol: nobody,
        }
    }

    pub fn project(&self) -> &Project {
        &self.project
    }

    pub fn alice(&mut self) -> Acting<'_> {
        self.by(Who::Alice)
    }

    pub fn bob(&mut self) -> Acting<'_> {
        self.by(Who::Bob)
    }

    pub fn carol(&mut self) -> Acting<'_> {
        self.by(Who::Carol)
    }

    pub fn by(&mut self, who: Who) -> Acting<'_> {
        self.device(who.key())
    }

    pub fn device(&mut self, key: DeviceKey) -> Acting<'_> {
        let seen = self.project().seen();
        Acting {
            world: self,
            key,
            seen,
        }
    }

    pub fn wait(&mut self, millis: i64) {
        self.now = self.now.plus(millis);
    }

    /// The id of the command that comes next.
    pub fn fresh(&mut self) -> CommandId {
        self.next_id += 1;
        CommandId(Uuid::from_u128(self.next_id))
    }

    pub fn command(&self, id: CommandId, key: &DeviceKey, seen: Seen, body: Body) -> Command {
        Command {
            id,
            project: PROJECT,
            device: key.public(),
            seen,
            at: self.now.plus(-7),
            body,
        }
    }

    /// Has a command decided and recorded; what the registry does with it.
    pub fn submit(&mut self, signed: &SignedCommand) -> Result<Entry, Refusal> {
        match self.outcome(signed) {
            Outcome::Accepted(entry) => Ok(*entry),
            Outcome::Refused(refusal) => Err(refusal),
            Outcome::Again { seq } => panic!("this was accepted before, as entry {seq}"),
        }
    }

    pub fn outcome(&mut self, signed: &SignedCommand) -> Outcome {
        signed.verify().expect("what people send is signed");
        let before = fingerprint(self.project());
        // Each by itself, as most arrive; batches have tests of their own.
        let mut trial = Trial::new(self.project.clone());
        let outcome = trial.submit(signed, &self.contents, self.now);
        self.project = trial.into_project();
        match &outcome {
            Outcome::Accepted(entry) => {
                let read = Entry::read(entry.line()).expect("an entry can be read");
                assert_eq!(read.digest(), entry.digest());
                assert_eq!(read.events(), entry.events());
                assert_eq!(read.command(), signed);
                self.entries.push(read);
                self.wait(1_000);
            }
            _ => assert!(
                before == fingerprint(self.project()),
                "a refusal changes nothing"
            ),
        }
        outcome
    }

    /// Stores what somebody typed.
    pub fn reason(&mut self, text: &str) -> Digest {
        let (bytes, digest) = SaltedText::new(text, [5; 16]).encode().expect("a text");
        self.contents.insert(digest, bytes.into());
        digest
    }

    /// Stores a version's content.
    pub fn content(&mut self, content: &VersionContent) -> Digest {
        let (bytes, digest) = content.encode().expect("a content");
        self.contents.insert(digest, bytes.into());
        digest
    }

    /// Stores a snippet's content.
    pub fn text(&mut self, text: &str) -> Digest {
        self.content(&VersionContent::text(text))
    }

    /// Stores bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.contents.insert(digest, bytes.into());
        digest
    }

    /// Refuses every row, and names the row that it does not refuse as it should.
    pub fn refuses(&mut self, rows: Vec<(&str, Who, Body, RefusalCode)>) {
        for (what, who, body, code) in rows {
            let id = self.fresh();
            let command = self.command(id, &who.key(), self.project().seen(), body);
            match self.submit(&who.key().signs(command)) {
                Ok(_) => panic!("{what}: accepted"),
                Err(refusal) => {
                    assert_eq!(refusal.code, code, "{what}: {refusal}");
                    assert!(refusal.message.len() > 15, "{what}: words for the person");
                }
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() || self.entries.is_empty() {
            return;
        }
        let state = fingerprint(self.project());
        // With all content at hand, and with none: what events say never depends on it.
        for contents in [&self.contents, &Contents::new()] {
            let mut replay = Replay::new();
            for entry in &self.entries {
                Replay::check_signature(entry).expect("signed");
                replay.push(entry, contents).expect("decided alike");
            }
            assert!(
                fingerprint(replay.project()) == state,
                "replaying gives the same state"
            );
        }
        // A snapshot is the state, whatever is in it.
        let restored: Project = postcard::from_bytes(&state).expect("a snapshot");
        assert!(
            fingerprint(&restored) == state,
            "a snapshot reads back as it was"
        );
        let mut folded = Project::new();
        self.entries
            .iter()
            .for_each(|entry| folded.apply(entry).expect("it follows"));
        assert!(
            fingerprint(&folded) == state,
            "applying alone gives the same state"
        );
    }
}

/// The state as bytes: equal states have equal bytes.
pub fn fingerprint(project: &Project) -> Vec<u8> {
    postcard::to_allocvec(project).expect("a snapshot")
}

pub trait Signs {
    fn signs(&self, command: Command) -> SignedCommand;
}

impl Signs for DeviceKey {
    fn signs(&self, command: Command) -> SignedCommand {
        SignedCommand::sign(command, self).expect("a command")
    }
}

/// Somebody about to act.
pub struct Acting<'w> {
    world: &'w mut World,
    key: DeviceKey,
    seen: Seen,
}

impl Acting<'_> {
    /// Having seen the ledger only up to this entry.
    pub fn offline_since(mut self, seq: u64) -> Self {
        let entry = usize::try_from(seq).expect("small") - 1;
        self.seen = Seen {
            seq,
            digest: self.world.entries[entry].digest(),
        };
        self
    }

    /// Asks for something that is accepted.
    pub fn does(self, body: Body) -> CommandId {
        let id = self.world.fresh();
        let command = self.world.command(id, &self.key, self.seen, body);
        let said = format!("{:?}", command.body);
        match self.world.submit(&self.key.signs(command)) {
            Ok(_) => id,
            Err(refusal) => panic!("{said} was refused: {refusal} {:?}", refusal.details),
        }
    }

    /// Asks for something that is refused.
    pub fn cannot(self, body: Body, code: RefusalCode) -> Refusal {
        let id = self.world.fresh();
        let command = self.world.command(id, &self.key, self.seen, body);
        let said = format!("{:?}", command.body);
        let refusal = match self.world.submit(&self.key.signs(command)) {
            Ok(entry) => panic!("{said} was accepted: {:?}", entry.events()),
            Err(refusal) => refusal,
        };
        assert_eq!(refusal.code, code, "{said}: {refusal}");
        refusal
    }

    /// Asks for something, and says with what code it was refused, if it was.
    pub fn cannot_or_does(self, body: Body) -> Option<RefusalCode> {
        let id = self.world.fresh();
        let command = self.world.command(id, &self.key, self.seen, body);
        self.world
            .submit(&self.key.signs(command))
            .err()
            .map(|refusal| refusal.code)
    }

    /// Asks for something that is refused, for whatever reason.
    pub fn cannot_anyhow(self, body: Body) -> RefusalCode {
        self.cannot_or_does(body).expect("it is refused")
    }

    pub fn creates(self, name: &str) -> PromptId {
        self.does(create(name)).into()
    }

    /// Saves a text as a version.
    pub fn saves(self, prompt: PromptId, parents: &[VersionId], text: &str) -> VersionId {
        let content = self.world.text(text);
        let message = self.world.reason("saved");
        self.does(save(prompt, parents, content, &[], message))
            .into()
    }

    /// Lets an environment serve one version, whatever it serves now.
    pub fn releases(self, environment: EnvironmentId, version: VersionId) -> ReleaseId {
        self.splits(environment, &[(version, 10_000)])
    }

    /// Lets an environment serve several versions of one prompt.
    pub fn splits(self, environment: EnvironmentId, sides: &[(VersionId, u32)]) -> ReleaseId {
        let project = self.world.project();
        let prompt = project.version(sides[0].0).expect("a version").0.id;
        let replaces = project.last_served(environment, prompt).map(|s| s.release);
        let reason = self.world.reason("released");
        let change = change(environment, prompt, sides, replaces);
        self.does(release(&[change], reason)).into()
    }

    /// Stops serving a prompt.
    pub fn stops(self, environment: EnvironmentId, prompt: PromptId) -> ReleaseId {
        let now = self
            .world
            .project()
            .serving(environment, prompt)
            .expect("it serves")
            .release;
        let reason = self.world.reason("stopped");
        let change = change(environment, prompt, &[], Some(now));
        self.does(release(&[change], reason)).into()
    }

    /// Brings back what was served after a release, whatever is served now.
    pub fn reverts(self, environment: EnvironmentId, to: ReleaseId, prompt: PromptId) -> ReleaseId {
        let body = self.world.revert(environment, to, &[prompt]);
        self.does(body).into()
    }

    /// Invites somebody who joins at once with the device of this number.
    pub fn invites_and_joins(self, name: &str, device: u8, role: Role) -> PersonId {
        let world = self.world;
        let expires = world.now.plus(HOUR);
        let one_time = key(device + 100);
        let invite = invite(&one_time, u16::from(device) + 1_000, role, name, expires);
        let invitation = Acting {
            world: &mut *world,
            key: self.key,
            seen: self.seen,
        }
        .does(invite);
        let join = join(
            InvitationId::from(invitation),
            name,
            &key(device),
            u16::from(device),
        );
        world.device(one_time).does(join).into()
    }
}

impl World {
    /// A revert from what is served now.
    pub fn revert(
        &mut self,
        environment: EnvironmentId,
        to: ReleaseId,
        prompts: &[PromptId],
    ) -> Body {
        let pointers = prompts
            .iter()
            .map(|prompt| domain::ledger::Pointer {
                prompt: *prompt,
                replaces: self
                    .project()
                    .last_served(environment, *prompt)
                    .expect("something was released there")
                    .release,
            })
            .collect();
        let reason = self.reason("it answers nonsense");
        Body::Revert {
            environment,
            to,
            prompts: pointers,
            reason,
        }
    }

    /// The versions that an environment serves of a prompt.
    pub fn served(&self, environment: EnvironmentId, prompt: PromptId) -> Vec<VersionId> {
        let serving = self.project().serving(environment, prompt);
        serving.map_or(Vec::new(), |s| {
            s.sides.iter().map(|side| side.version).collect()
        })
    }
}

/// The environments that stories begin with.
pub fn environments() -> Vec<NewEnvironment> {
    [
        (DEVELOPMENT, "development"),
        (STAGING, "staging"),
        (PRODUCTION, "production"),
    ]
    .map(|(id, name)| NewEnvironment {
        id,
        name: name.to_owned(),
    })
    .to_vec()
}
