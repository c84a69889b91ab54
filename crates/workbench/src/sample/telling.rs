//! Replays the sample's steps into a ledger: every command signed by the device of the person who
//! gives it, and decided by the rules.

use super::broken;
use super::script::{Script, text};
use crate::Error;
use crate::acting::new_id;
use crate::beginning::device_name;
use crate::secrets::{Secret, random_16, random_32};
use domain::ledger::{
    Body, Command, DeviceKey, Entry, NewEnvironment, Pointer, PublicKey, ReleaseChange, Side,
    SignedCommand,
};
use domain::permissions::Role;
use domain::project::{Outcome, Trial};
use domain::split::SLOTS;
use domain::{
    CommandId, Digest, EnvironmentId, InvitationId, KeyId, Millis, PersonId, Project, ProjectId,
    PromptId, ReleaseId, SaltedText, VersionContent, VersionId,
};
use include_dir::Dir;
use protocol::token::{Invitation, Kind, Token};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Milliseconds of a day, for times that are told as days before today.
const DAY: f64 = 86_400_000.0;
/// What the person at this computer is called in the sample.
const YOU: &str = "You";

/// The sample as it goes into a registry.
pub(super) struct Told {
    pub project: ProjectId,
    pub person: PersonId,
    pub device: PublicKey,
    pub seed: Secret,
    pub token: Token,
    pub entries: Vec<Entry>,
    pub contents: Vec<(Digest, String)>,
}

/// The sample while it is told.
pub(super) struct Telling<'a> {
    files: &'a Dir<'a>,
    now: Millis,
    project: ProjectId,
    trial: Trial,
    entries: Vec<Entry>,
    contents: BTreeMap<Digest, Arc<[u8]>>,
    founder: String,
    people: BTreeMap<String, DeviceKey>,
    environments: BTreeMap<String, EnvironmentId>,
    prompts: BTreeMap<String, PromptId>,
    versions: BTreeMap<(String, u32), VersionId>,
    releases: BTreeMap<String, ReleaseId>,
}

impl<'a> Telling<'a> {
    /// Tells the whole script as of `now`.
    pub fn tell(script: &Script, files: &'a Dir<'a>, now: Millis) -> Result<Told, Error> {
        let mut telling = Self::found(script, files, now)?;
        let mut datasets = script.datasets.iter().peekable();
        for step in &script.steps {
            let day = step_day(step);
            while let Some(dataset) = datasets.next_if(|dataset| dataset.days_ago >= day) {
                telling.dataset(dataset)?;
            }
            telling.step(step)?;
        }
        for dataset in datasets {
            telling.dataset(dataset)?;
        }
        telling.you_join()
    }

    fn found(script: &Script, files: &'a Dir<'a>, now: Millis) -> Result<Self, Error> {
        let [founder, others @ ..] = script.people.as_slice() else {
            return Err(broken("project.yaml", "there are no people in it"));
        };
        let first = script.steps.first().map_or(1.0, step_day) + 1.0;
        let id = new_id()?;
        let mut environments = BTreeMap::new();
        let mut made = Vec::new();
        for name in &script.environments {
            let id = EnvironmentId(uuid::Builder::from_random_bytes(random_16()?).into_uuid());
            environments.insert(name.clone(), id);
            made.push(NewEnvironment {
                id,
                name: name.clone(),
            });
        }
        let default = *environments
            .get(&script.default_environment)
            .ok_or_else(|| broken("project.yaml", "the default environment is none of them"))?;
        let mut telling = Self {
            files,
            now,
            project: ProjectId::from(id),
            trial: Trial::new(Project::new()),
            entries: Vec::new(),
            contents: BTreeMap::new(),
            founder: founder.name.clone(),
            people: BTreeMap::from([(founder.name.clone(), new_key()?)]),
            environments,
            prompts: BTreeMap::new(),
            versions: BTreeMap::new(),
            releases: BTreeMap::new(),
        };
        let key = telling.key(&founder.name)?;
        telling.give(
            id,
            &key,
            first,
            Body::CreateProject {
                name: script.project.clone(),
                person: founder.name.clone(),
                device_name: format!("laptop of {}", founder.name),
                environments: made,
                default,
            },
        )?;
        for person in others {
            let device = new_key()?;
            telling.join(
                &founder.name,
                &person.name,
                person.role,
                &device,
                first,
                random_32()?,
            )?;
            telling.people.insert(person.name.clone(), device);
        }
        Ok(telling)
    }

    // The person at this computer joins as an admin: everything can be tried.
    fn you_join(mut self) -> Result<Told, Error> {
        let founder = self.founder.clone();
        let seed = random_32()?;
        let device = DeviceKey::from_seed(&seed);
        let secret = random_32()?;
        let joined = self.join(&founder, YOU, Role::Admin, &device, 0.0, secret)?;
        let token = Token::new(Kind::Personal, KeyId::from(joined), secret);
        let contents = self
            .contents
            .into_iter()
            .map(|(digest, bytes)| (digest, String::from_utf8_lossy(&bytes).into_owned()))
            .collect();
        Ok(Told {
            project: self.project,
            person: PersonId::from(joined),
            device: device.public(),
            seed: Secret::new(hex::encode(seed)),
            token,
            entries: self.entries,
            contents,
        })
    }

    fn join(
        &mut self,
        by: &str,
        name: &str,
        role: Role,
        device: &DeviceKey,
        days: f64,
        token: [u8; 32],
    ) -> Result<CommandId, Error> {
        let first = self.entries.first().map(Entry::digest).unwrap_or_default();
        let invitation = Invitation::new(self.project, first, random_32()?);
        let by = self.key(by)?;
        let invited = new_id()?;
        let expires = self.at(days).plus(14 * 86_400_000);
        self.give(
            invited,
            &by,
            days,
            Body::Invite {
                key: invitation.key().public(),
                hash: invitation.hash(),
                role,
                name: name.to_owned(),
                expires,
            },
        )?;
        let joined = new_id()?;
        let token = Token::new(Kind::Personal, KeyId::from(joined), token);
        let device_name = if name == YOU {
            device_name()
        } else {
            format!("laptop of {name}")
        };
        self.give(
            joined,
            &invitation.key(),
            days,
            Body::Join {
                invitation: InvitationId::from(invited),
                name: name.to_owned(),
                device: device.public(),
                device_name,
                token: token.hash(),
            },
        )?;
        Ok(joined)
    }

    fn dataset(&mut self, file: &super::script::DatasetFile) -> Result<(), Error> {
        let bytes = text(self.files, &file.file)?.as_bytes();
        let table = evals::import::read(bytes, None)
            .map_err(|error| broken(&file.file, &error.to_string()))?;
        let mapping = evals::import::suggest(&table, &[]);
        let mut dataset = evals::import::dataset(&table, &mapping, &[]).map_err(|problems| {
            broken(
                &file.file,
                &problems
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            )
        })?;
        dataset
            .other
            .insert("attribution".to_owned(), file.attribution.clone().into());
        let cases = u32::try_from(dataset.cases.len()).unwrap_or(u32::MAX);
        let (bytes, content) = dataset
            .encode()
            .map_err(|error| broken(&file.file, &error.to_string()))?;
        self.contents.insert(content, bytes.into());
        let key = self.key(&file.by)?;
        let body = Body::SaveDataset {
            dataset: None,
            name: file.name.clone(),
            content,
            cases,
            replaces: None,
        };
        self.give(new_id()?, &key, file.days_ago, body)
    }

    fn step(&mut self, step: &super::script::Step) -> Result<(), Error> {
        if let Some(save) = &step.save {
            return self.save(save, step.message.as_deref().unwrap_or_default());
        }
        let reason = self.words(step.reason.as_deref().unwrap_or_default())?;
        let id = new_id()?;
        if let Some(release) = &step.release {
            let to = self.environment(&release.environment)?;
            let mut changes = Vec::new();
            for (name, number) in &step.changes {
                let prompt = self.prompt(name)?;
                let version = self.version(name, *number)?;
                changes.push(self.change(
                    to,
                    prompt,
                    vec![Side {
                        version,
                        weight: SLOTS,
                    }],
                ));
            }
            self.named(release.name.as_ref(), id);
            let key = self.key(&release.by)?;
            return self.give(
                id,
                &key,
                release.days_ago,
                Body::Release {
                    changes,
                    reason,
                    promoted_from: None,
                    request: None,
                    step: None,
                    override_reason: None,
                },
            );
        }
        if let Some(promote) = &step.promote {
            let (from, to) = (
                self.environment(&promote.from)?,
                self.environment(&promote.to)?,
            );
            let mut changes = Vec::new();
            for name in &step.prompts {
                let prompt = self.prompt(name)?;
                let served = self.trial.project().serving(from, prompt);
                let sides = served
                    .map(|serving| serving.sides.clone())
                    .unwrap_or_default();
                changes.push(self.change(to, prompt, sides));
            }
            self.named(promote.name.as_ref(), id);
            let key = self.key(&promote.by)?;
            let promoted_from = Some(from);
            return self.give(
                id,
                &key,
                promote.days_ago,
                Body::Release {
                    changes,
                    reason,
                    promoted_from,
                    request: None,
                    step: None,
                    override_reason: None,
                },
            );
        }
        if let Some(revert) = &step.revert {
            let environment = self.environment(&revert.environment)?;
            let to = self.releases.get(&revert.to).copied();
            let to = to.ok_or_else(|| {
                broken(
                    "project.yaml",
                    &format!("no release is named {}", revert.to),
                )
            })?;
            let mut prompts = Vec::new();
            for name in &revert.prompts {
                let prompt = self.prompt(name)?;
                let now = self.trial.project().last_served(environment, prompt);
                let replaces = now.map(|serving| serving.release);
                let replaces = replaces
                    .ok_or_else(|| broken("project.yaml", &format!("{name} is not served")))?;
                prompts.push(Pointer { prompt, replaces });
            }
            let key = self.key(&revert.by)?;
            return self.give(
                id,
                &key,
                revert.days_ago,
                Body::Revert {
                    environment,
                    to,
                    prompts,
                    reason,
                },
            );
        }
        if let Some(label) = &step.label {
            let prompt = self.prompt(&label.prompt)?;
            let version = self.version(&label.prompt, label.version)?;
            let key = self.key(&label.by)?;
            let body = Body::SetLabel {
                prompt,
                label: label.label.clone(),
                version,
                replaces: None,
            };
            return self.give(id, &key, label.days_ago, body);
        }
        Err(broken(
            "project.yaml",
            "a step says nothing that is to be done",
        ))
    }

    fn save(&mut self, save: &super::script::Save, message: &str) -> Result<(), Error> {
        let key = self.key(&save.by)?;
        let prompt = match self.prompts.get(&save.prompt) {
            Some(prompt) => *prompt,
            None => {
                let id = new_id()?;
                self.give(
                    id,
                    &key,
                    save.days_ago,
                    Body::CreatePrompt {
                        name: save.prompt.clone(),
                    },
                )?;
                self.prompts.insert(save.prompt.clone(), PromptId::from(id));
                PromptId::from(id)
            }
        };
        let path = format!("prompts/{}/{}.yaml", save.prompt, save.version);
        let content = self.content(&path)?;
        let (bytes, digest) = content.encode()?;
        self.contents.insert(digest, bytes.into());
        let mut includes: Vec<_> = content.includes.values().copied().collect();
        includes.sort_unstable();
        includes.dedup();
        let parents = save
            .version
            .checked_sub(1)
            .and_then(|n| self.versions.get(&(save.prompt.clone(), n)));
        let parents = parents.copied().into_iter().collect();
        let message = self.words(message)?;
        let id = new_id()?;
        let body = Body::SaveVersion {
            prompt,
            parents,
            content: digest,
            includes,
            reads: content.reads(),
            message,
        };
        self.give(id, &key, save.days_ago, body)?;
        self.versions
            .insert((save.prompt.clone(), save.version), VersionId::from(id));
        Ok(())
    }

    fn content(&self, path: &str) -> Result<VersionContent, Error> {
        let wrong = |why: &str| broken(path, why);
        let mut yaml: serde_json::Value = serde_norway::from_str(text(self.files, path)?)
            .map_err(|error| wrong(&error.to_string()))?;
        // The files name the prompt that an input comes from; content names it by id.
        for input in yaml
            .get_mut("inputs")
            .and_then(|inputs| inputs.as_array_mut())
            .into_iter()
            .flatten()
        {
            let Some(from) = input
                .get("from")
                .and_then(|from| from.as_str())
                .map(str::to_owned)
            else {
                continue;
            };
            let prompt = self.prompt(&from)?;
            if let Some(input) = input.as_object_mut() {
                input.insert("from".to_owned(), prompt.to_string().into());
            }
        }
        let mut content: VersionContent =
            serde_json::from_value(yaml).map_err(|error| wrong(&error.to_string()))?;
        let names = content
            .templates()
            .flat_map(|(_, text)| domain::template::uses(text).includes);
        let names: Vec<String> = names.map(|include| include.name).collect();
        for name in names {
            let latest = self
                .trial
                .project()
                .prompt_named(&name)
                .and_then(|prompt| prompt.latest());
            let latest = latest.ok_or_else(|| wrong(&format!("there is no snippet {name} yet")))?;
            content.includes.insert(name, latest.content);
        }
        Ok(content)
    }

    fn give(&mut self, id: CommandId, key: &DeviceKey, days: f64, body: Body) -> Result<(), Error> {
        let at = self.at(days);
        let seen = self.trial.project().seen();
        let command = Command {
            id,
            project: self.project,
            device: key.public(),
            seen,
            at,
            body,
        };
        let signed = SignedCommand::sign(command, key)?;
        match self.trial.submit(&signed, &self.contents, at) {
            Outcome::Accepted(entry) => {
                self.entries.push(*entry);
                Ok(())
            }
            Outcome::Refused(refusal) => Err(refusal.into()),
            Outcome::Again { .. } => Err(broken("project.yaml", "a command came twice")),
        }
    }

    fn words(&mut self, text: &str) -> Result<Digest, Error> {
        let (bytes, digest) = SaltedText::new(text, random_16()?).encode()?;
        self.contents.insert(digest, bytes.into());
        Ok(digest)
    }

    fn change(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        sides: Vec<Side>,
    ) -> ReleaseChange {
        let replaces = self
            .trial
            .project()
            .last_served(environment, prompt)
            .map(|serving| serving.release);
        ReleaseChange {
            environment,
            prompt,
            sides,
            replaces,
        }
    }

    fn named(&mut self, name: Option<&String>, id: CommandId) {
        if let Some(name) = name {
            self.releases.insert(name.clone(), ReleaseId::from(id));
        }
    }

    fn key(&self, person: &str) -> Result<DeviceKey, Error> {
        let found = self.people.get(person).cloned();
        found.ok_or_else(|| broken("project.yaml", &format!("{person} is none of the people")))
    }

    fn environment(&self, name: &str) -> Result<EnvironmentId, Error> {
        let found = self.environments.get(name).copied();
        found.ok_or_else(|| broken("project.yaml", &format!("there is no environment {name}")))
    }

    fn prompt(&self, name: &str) -> Result<PromptId, Error> {
        let found = self.prompts.get(name).copied();
        found.ok_or_else(|| broken("project.yaml", &format!("there is no prompt {name} yet")))
    }

    fn version(&self, prompt: &str, number: u32) -> Result<VersionId, Error> {
        let found = self.versions.get(&(prompt.to_owned(), number)).copied();
        found.ok_or_else(|| {
            broken(
                "project.yaml",
                &format!("{prompt} has no version {number} yet"),
            )
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "days of a sample are few")]
    fn at(&self, days_ago: f64) -> Millis {
        self.now.plus(-((days_ago * DAY) as i64))
    }
}

fn new_key() -> Result<DeviceKey, Error> {
    Ok(DeviceKey::from_seed(&random_32()?))
}

fn step_day(step: &super::script::Step) -> f64 {
    let days = [
        step.save.as_ref().map(|s| s.days_ago),
        step.release.as_ref().map(|s| s.days_ago),
        step.promote.as_ref().map(|s| s.days_ago),
        step.revert.as_ref().map(|s| s.days_ago),
        step.label.as_ref().map(|s| s.days_ago),
    ];
    days.into_iter().flatten().next().unwrap_or(0.0)
}
