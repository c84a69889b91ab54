//! Sizes and counts that the domain refuses to exceed. `docs/limits.md` lists them for people.

/// How deep JSON may nest.
pub const JSON_DEPTH: usize = 64;
/// The canonical bytes of one version's content: 4 MiB.
pub const CONTENT_BYTES: usize = 4 << 20;
/// The canonical bytes of a dataset or of a run's results: 64 MiB.
pub const DATASET_BYTES: usize = 64 << 20;
/// Cases in one dataset.
pub const CASES: usize = 50_000;
/// Messages in one version.
pub const MESSAGES: usize = 200;
/// Inputs in one version.
pub const INPUTS: usize = 200;
/// Tools in one version.
pub const TOOLS: usize = 128;
/// Snippets that one version names directly.
pub const INCLUDES: usize = 64;
/// How deep includes may include.
pub const INCLUDE_DEPTH: usize = 8;
/// Characters in a name.
pub const NAME_CHARS: usize = 200;
/// Bytes of a free text: a message, a reason, a comment.
pub const TEXT_BYTES: usize = 64 << 10;
/// The canonical bytes of one command.
pub const COMMAND_BYTES: usize = 256 << 10;
/// Parents that a version may name.
pub const PARENTS: usize = 16;
/// Changes that one release may carry.
pub const CHANGES: usize = 500;
/// Sides of a split.
pub const SIDES: usize = 8;
/// Environments in one project, retired ones not counted.
pub const ENVIRONMENTS: usize = 32;
/// Approvals that a policy may ask for.
pub const APPROVALS: u32 = 10;
/// How long an environment key may go on opening after another took its place: 90 days.
pub const OVERLAP_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Gates in one policy, and freezes.
pub const DEMANDS: usize = 32;
/// Clock changes in the calendar of one zone.
pub const OFFSETS: usize = 400;
/// Steps of one change in a request.
pub const STEPS: usize = 10;
/// Graders of one suite.
pub const GRADERS: usize = 50;
/// How often a run asks each case, at most.
pub const REPEATS: u32 = 10;
/// Askings of one run that counts: cases, times repeats. A fifth of it where answers are scored.
pub const ASKINGS: u32 = 100_000;
/// Columns of one run: versions, times models.
pub const RUN_COLUMNS: usize = 16;
/// Answers of one run: cases, times columns, times repeats.
pub const RUN_ANSWERS: usize = 500_000;
/// How old evidence may be for a gate, in days.
pub const EVIDENCE_DAYS: u32 = 365;
/// Reviewers that a request names, and runs that a verdict does.
pub const NAMED: usize = 100;
/// Bytes of a rendered text: 1 MiB, counted while it is written.
pub const RENDERED_BYTES: usize = 1 << 20;
/// Steps that rendering one version may take: a step is a tag reached, or 64 bytes looked at.
pub const RENDER_STEPS: usize = 1_000_000;
/// The compiled size of a regular expression in a grader or schema.
pub const PATTERN_BYTES: usize = 1 << 20;
/// The JSON text of a schema in a grader.
pub const SCHEMA_BYTES: usize = 256 << 10;
