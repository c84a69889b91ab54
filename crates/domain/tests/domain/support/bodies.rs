//! What people ask for, in few words.

use super::{DEVELOPMENT, environments, hash};
use domain::ledger::{Body, DeviceKey, ReleaseChange, RunSummary, Side};
use domain::permissions::Role;
use domain::{Digest, EnvironmentId, InvitationId, KeyId, Millis, PromptId, ReleaseId, VersionId};

pub fn found(name: &str) -> Body {
    Body::CreateProject {
        name: name.to_owned(),
        person: "Alice".to_owned(),
        device_name: "laptop".to_owned(),
        environments: environments(),
        default: DEVELOPMENT,
    }
}

pub fn create(name: &str) -> Body {
    Body::CreatePrompt {
        name: name.to_owned(),
    }
}

pub fn rename(prompt: PromptId, replaces: &str, name: &str) -> Body {
    Body::RenamePrompt {
        prompt,
        name: name.to_owned(),
        replaces: replaces.to_owned(),
    }
}

pub fn save(
    prompt: PromptId,
    parents: &[VersionId],
    content: Digest,
    includes: &[Digest],
    message: Digest,
) -> Body {
    let (parents, includes) = (parents.to_vec(), includes.to_vec());
    Body::SaveVersion {
        prompt,
        parents,
        content,
        includes,
        reads: Vec::new(),
        message,
    }
}

pub fn label(
    prompt: PromptId,
    label: &str,
    replaces: Option<VersionId>,
    version: VersionId,
) -> Body {
    Body::SetLabel {
        prompt,
        label: label.to_owned(),
        version,
        replaces,
    }
}

pub fn unlabel(prompt: PromptId, label: &str, replaces: VersionId) -> Body {
    Body::RemoveLabel {
        prompt,
        label: label.to_owned(),
        replaces,
    }
}

pub fn add_environment(name: &str, after: Option<EnvironmentId>) -> Body {
    Body::AddEnvironment {
        name: name.to_owned(),
        after,
    }
}

pub fn rename_environment(environment: EnvironmentId, replaces: &str, name: &str) -> Body {
    Body::RenameEnvironment {
        environment,
        name: name.to_owned(),
        replaces: replaces.to_owned(),
    }
}

pub fn change(
    environment: EnvironmentId,
    prompt: PromptId,
    sides: &[(VersionId, u32)],
    replaces: Option<ReleaseId>,
) -> ReleaseChange {
    let sides = sides.iter().map(|(version, weight)| Side {
        version: *version,
        weight: *weight,
    });
    ReleaseChange {
        environment,
        prompt,
        sides: sides.collect(),
        replaces,
    }
}

pub fn release(changes: &[ReleaseChange], reason: Digest) -> Body {
    Body::Release {
        changes: changes.to_vec(),
        reason,
        promoted_from: None,
        request: None,
        step: None,
        override_reason: None,
    }
}

pub fn promote(from: EnvironmentId, changes: &[ReleaseChange], reason: Digest) -> Body {
    Body::Release {
        changes: changes.to_vec(),
        reason,
        promoted_from: Some(from),
        request: None,
        step: None,
        override_reason: None,
    }
}

pub fn environment_key(environment: EnvironmentId, secret: u16, expires: Option<Millis>) -> Body {
    let name = "chat service".to_owned();
    Body::IssueEnvironmentKey {
        environment,
        name,
        hash: hash(secret),
        expires,
    }
}

pub fn rotate(key: KeyId, secret: u16, overlap: i64) -> Body {
    Body::RotateEnvironmentKey {
        key,
        hash: hash(secret),
        expires: None,
        overlap,
    }
}

pub fn token(secret: u16, expires: Option<Millis>) -> Body {
    Body::IssueToken {
        name: "command line".to_owned(),
        hash: hash(secret),
        expires,
    }
}

pub fn invite(key: &DeviceKey, secret: u16, role: Role, name: &str, expires: Millis) -> Body {
    let (key, hash, name) = (key.public(), hash(secret), name.to_owned());
    Body::Invite {
        key,
        hash,
        role,
        name,
        expires,
    }
}

pub fn join(invitation: InvitationId, name: &str, device: &DeviceKey, secret: u16) -> Body {
    Body::Join {
        invitation,
        name: name.to_owned(),
        device: device.public(),
        device_name: "laptop".to_owned(),
        token: hash(secret),
    }
}

pub fn dataset(content: Digest, name: &str, cases: u32) -> Body {
    Body::SaveDataset {
        dataset: None,
        name: name.to_owned(),
        content,
        cases,
        replaces: None,
    }
}

pub fn run(version: VersionId, dataset: Digest, results: Digest) -> Body {
    let summary = RunSummary {
        provider: "local".to_owned(),
        model: "small".to_owned(),
        cases: 2,
        passed: 1,
        failed: 0,
    };
    Body::RecordRun {
        version,
        dataset,
        results,
        summary,
        counts: None,
    }
}
