//! What a policy still asks for: in data, for programs and for the grounds of an override. The
//! sentences are made in [`crate::rules::requests::words`].

use crate::contract::BreakKind;
use crate::gate::Fault;
use crate::statistics::verdict::GateVerdict;
use crate::{DatasetId, EnvironmentId, Millis, PersonId, PromptId, ReleaseId, VersionId};
use serde::{Deserialize, Serialize};

/// One thing that keeps a release from going.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Missing {
    /// The policy asks for approvals or a gate, and those are judged on a request.
    Request {
        /// Where.
        environment: EnvironmentId,
    },
    /// Too few approvals count.
    Approvals {
        /// Where.
        environment: EnvironmentId,
        /// How many the policy asks for.
        needed: u32,
        /// How many count.
        given: u32,
    },
    /// A reviewer has asked for changes.
    ChangesAsked {
        /// Where.
        environment: EnvironmentId,
        /// Who.
        by: PersonId,
    },
    /// A gate does not open.
    Gate {
        /// Where.
        environment: EnvironmentId,
        /// For which prompt.
        prompt: PromptId,
        /// For which version of it.
        version: VersionId,
        /// Over which dataset.
        dataset: DatasetId,
        /// Why.
        fault: Fault,
    },
    /// A gate that rests on announced runs does not open.
    SuiteGate {
        /// Where.
        environment: EnvironmentId,
        /// For which prompt.
        prompt: PromptId,
        /// For which version of it.
        version: VersionId,
        /// Why.
        fault: GateFault,
    },
    /// A prompt that is served there with a part which changes was not shown to do with the new one.
    Dependent {
        /// Where.
        environment: EnvironmentId,
        /// Which prompt.
        prompt: PromptId,
        /// The new part.
        part: VersionId,
        /// The version of the prompt that holds it; none was saved.
        version: Option<VersionId>,
        /// Why its gate does not open; none where there is no such version.
        fault: Option<GateFault>,
    },
    /// Another environment must have served this content first.
    Path {
        /// Where.
        environment: EnvironmentId,
        /// Which prompt.
        prompt: PromptId,
        /// Which version of it.
        version: VersionId,
        /// Where it must have been served.
        first: EnvironmentId,
    },
    /// A freeze holds.
    Frozen {
        /// Where.
        environment: EnvironmentId,
        /// The freeze's name.
        freeze: String,
        /// When no freeze holds any more.
        until: Millis,
    },
    /// The policy's calendar of a zone does not reach today.
    Calendar {
        /// Where.
        environment: EnvironmentId,
        /// Which zone.
        zone: String,
        /// Where the calendar ends.
        until: Millis,
    },
    /// What the request replaces has moved.
    Stale {
        /// Where.
        environment: EnvironmentId,
        /// Of which prompt.
        prompt: PromptId,
        /// The release that the request replaces.
        was: Option<ReleaseId>,
        /// The release that is there now.
        now: Option<ReleaseId>,
    },
    /// The suite that the request replaces has moved.
    SuiteMoved {
        /// Where a gate rests on it.
        environment: EnvironmentId,
        /// Of which prompt.
        prompt: PromptId,
    },
    /// The input contract breaks, and no note says why that is safe.
    Break {
        /// Where.
        environment: EnvironmentId,
        /// Of which prompt.
        prompt: PromptId,
        /// Which input.
        input: String,
        /// What about it.
        kind: BreakKind,
    },
}

impl Missing {
    /// Where this is missing.
    #[must_use]
    pub fn environment(&self) -> EnvironmentId {
        match self {
            Self::Request { environment }
            | Self::Approvals { environment, .. }
            | Self::ChangesAsked { environment, .. }
            | Self::Gate { environment, .. }
            | Self::SuiteGate { environment, .. }
            | Self::Dependent { environment, .. }
            | Self::Path { environment, .. }
            | Self::Frozen { environment, .. }
            | Self::Calendar { environment, .. }
            | Self::Stale { environment, .. }
            | Self::SuiteMoved { environment, .. }
            | Self::Break { environment, .. } => *environment,
        }
    }

    /// Whether this is a demand of the policy, which an admin may set aside where the policy lets
    /// them. A request that is stale or breaks the input contract is made right instead.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        !matches!(
            self,
            Self::Stale { .. } | Self::SuiteMoved { .. } | Self::Break { .. }
        )
    }
}

/// Why a gate that rests on announced runs does not open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GateFault {
    /// The prompt has no suite.
    NoSuite,
    /// No run of what is proposed was announced, against what is served now.
    NoRun,
    /// The evidence does not show that it may go.
    Verdict {
        /// What it shows.
        verdict: GateVerdict,
    },
}
