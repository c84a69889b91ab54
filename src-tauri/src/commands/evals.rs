//! Datasets, runs and results.

use super::passed_on;
use domain::{DatasetId, Digest, ProjectId, RunId, VersionContent};
use workbench::views::{
    Case, DatasetCheck, DatasetChoice, DatasetFile, DatasetForm, DatasetFormat, DatasetRow,
    DatasetView, DatasetWarning, Estimate, Mapping, MarkChoice, MarkDone, MarkGiven, MarkItem,
    MarkQueue, MatrixPage, MatrixQuery, OpenedCase, PromptfooImport, Reading, RunOverview, RunPlan,
    RunRow, RunView, SavedFile, TextFile,
};

passed_on! {
    /// The datasets of a project.
    datasets(project: ProjectId) -> Vec<DatasetRow>;
    /// The datasets of a project as one content sees them, and the one to try it with.
    datasets_for(project: ProjectId, content: VersionContent) -> DatasetChoice;
    /// One dataset with its cases.
    dataset(project: ProjectId, dataset: DatasetId) -> DatasetView;
    /// Reads a text as a dataset, without keeping it.
    read_dataset(project: ProjectId, text: String, format: DatasetFormat) -> Reading;
    /// Keeps cases as a dataset.
    save_dataset(project: ProjectId, dataset: Option<DatasetId>, name: String, cases: Vec<Case>) -> DatasetRow;
    /// Keeps a text as a dataset.
    import_dataset(
        project: ProjectId,
        name: String,
        text: String,
        format: DatasetFormat,
        mapping: Mapping,
    ) -> DatasetRow;
    /// What a text would bring with it that should perhaps not be shared.
    check_import(project: ProjectId, text: String, format: DatasetFormat, mapping: Mapping) -> DatasetCheck;
    /// What a dataset holds twice, nearly twice, or should perhaps not hold.
    check_dataset(project: ProjectId, dataset: DatasetId) -> DatasetCheck;
    /// The same of cases that are not saved yet.
    check_cases(cases: Vec<Case>) -> DatasetCheck;
    /// A dataset as the text of a file.
    export_dataset(project: ProjectId, dataset: DatasetId, form: DatasetForm) -> DatasetFile;
    /// Writes a dataset as a file into the folder for downloads.
    save_dataset_file(project: ProjectId, dataset: DatasetId, form: DatasetForm) -> SavedFile;
    /// What of a project's datasets should perhaps not be shared.
    check_before_sharing(project: ProjectId) -> Vec<DatasetWarning>;
    /// Adds a case to a dataset, under an id of its own.
    add_case(project: ProjectId, dataset: DatasetId, added: Case) -> DatasetRow;
    /// Takes a promptfoo configuration into a project, or says what would come of it.
    import_promptfoo_texts(
        project: ProjectId,
        config: String,
        files: Vec<TextFile>,
        name: Option<String>,
        look: bool,
    ) -> PromptfooImport;
    /// Keeps a dataset on this computer, or no longer.
    keep_offline(project: ProjectId, dataset: DatasetId, keep: bool) -> ();
    /// What a run would cost.
    estimate_run(project: ProjectId, plan: RunPlan) -> Estimate;
    /// Starts a run.
    start_run(project: ProjectId, plan: RunPlan) -> RunView;
    /// A run without its rows: what it says against one of its columns.
    run_overview(project: ProjectId, run: RunId, base: u32) -> RunOverview;
    /// Some rows of a run, as a query filters and sorts them.
    run_rows(project: ProjectId, run: RunId, query: MatrixQuery, offset: u32, limit: u32) -> MatrixPage;
    /// One case of a run, opened.
    run_case(project: ProjectId, run: RunId, place: u32, base: u32) -> OpenedCase;
    /// The answers of a run that are to be marked.
    mark_queue(project: ProjectId, run: RunId, choice: MarkChoice) -> MarkQueue;
    /// One answer that is to be marked.
    mark_item(project: ProjectId, run: RunId, question: Digest) -> MarkItem;
    /// Marks an answer, changes the mark or takes it back.
    mark_answer(project: ProjectId, run: RunId, question: Digest, given: MarkGiven) -> MarkDone;
    /// Stops a run; what it had is kept.
    cancel_run(project: ProjectId, run: RunId) -> ();
    /// Goes on with a run that was broken off or stopped.
    resume_run(project: ProjectId, run: RunId) -> RunView;
    /// The runs of a project.
    runs(project: ProjectId) -> Vec<RunRow>;
    /// Shares a run with the team.
    share_run(project: ProjectId, run: RunId) -> ();
}
