//! Service accounts: programs that act for the project, with rights that an admin chose.

use super::{Case, flat_name};
use crate::ledger::{Event, KeyHash, PublicKey};
use crate::permissions::Rights;
use crate::{KeyId, PersonId, Refusal, RefusalCode, limits};
use std::collections::BTreeSet;

impl Case<'_> {
    pub(super) fn create_service(
        &self,
        name: &str,
        owner: PersonId,
        rights: &Rights,
        device: PublicKey,
        token: KeyHash,
    ) -> Result<Vec<Event>, Refusal> {
        flat_name("the service", name)?;
        if self.member(owner)?.service.is_some() {
            return Err(Refusal::invalid(
                "a person answers for a service, not another service",
            ));
        }
        self.check_rights(rights)?;
        self.new_device(&device)?;
        self.new_secret(&token)?;
        Ok(vec![Event::ServiceCreated {
            service: PersonId::from(self.id),
            name: name.to_owned(),
            owner,
            rights: rights.clone(),
            device,
            token: KeyId::from(self.id),
            hash: token,
        }])
    }

    pub(super) fn set_rights(
        &self,
        service: PersonId,
        rights: &Rights,
        replaces: &Rights,
    ) -> Result<Vec<Event>, Refusal> {
        let found = self.member(service)?;
        let Some(now) = &found.service else {
            return Err(Refusal::invalid(format!(
                "{} is no service; a person has a role",
                found.name
            )));
        };
        if now.rights != *replaces {
            return Err(Refusal::conflict(
                format!("what {} may do was changed meanwhile", found.name),
                &now.rights,
            ));
        }
        if rights == replaces {
            return Err(Refusal::invalid(format!(
                "{} may do exactly this already",
                found.name
            )));
        }
        self.check_rights(rights)?;
        Ok(vec![Event::RightsChanged {
            service,
            rights: rights.clone(),
            before: replaces.clone(),
        }])
    }

    fn check_rights(&self, rights: &Rights) -> Result<(), Refusal> {
        if rights.is_empty() {
            return Err(Refusal::invalid(
                "a service that may do nothing is of no use; remove it instead",
            ));
        }
        if rights.release.len() > limits::ENVIRONMENTS {
            return Err(Refusal::new(
                RefusalCode::Limit,
                "a service releases in no more environments than a project can have",
            ));
        }
        let mut seen = BTreeSet::new();
        for environment in &rights.release {
            self.active_environment(*environment)?;
            if !seen.insert(environment) {
                return Err(Refusal::invalid("the rights name each environment once"));
            }
        }
        Ok(())
    }
}
