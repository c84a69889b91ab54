//! What the web view may ask and hear, as one list for Tauri and for TypeScript.

use crate::commands::{
    activity, app, evals, prompt, releases, review, settings, suites, syncing, trying, webhooks,
};
use specta_typescript::Typescript;
use tauri::Wry;
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands};
use workbench::views;

/// All commands, with the types of what they take and give.
#[must_use]
pub fn commands() -> Builder<Wry> {
    Builder::<Wry>::new()
        .commands(collect_commands![
            app::start,
            app::open_sample,
            app::create_project,
            app::join_team,
            app::open_project,
            app::share_project,
            app::library,
            app::search,
            prompt::prompt,
            prompt::open_draft,
            prompt::draft,
            prompt::new_draft,
            prompt::save_draft,
            prompt::discard_draft,
            prompt::undo_discard_draft,
            prompt::draft_history,
            prompt::restore_draft,
            prompt::check,
            prompt::preview,
            prompt::save_version,
            prompt::version,
            prompt::compare,
            prompt::merge_view,
            prompt::merge_preview,
            prompt::merge_finish,
            prompt::rename_prompt,
            prompt::archive_prompt,
            prompt::restore_prompt,
            prompt::set_label,
            prompt::remove_label,
            prompt::redact,
            trying::try_some,
            trying::cancel_try,
            trying::sent_and_received,
            trying::playgrounds,
            trying::playground,
            trying::keep_playground,
            trying::remove_playground,
            trying::ask_playground,
            trying::find_ollama,
            trying::use_ollama,
            evals::datasets,
            evals::datasets_for,
            evals::dataset,
            evals::read_dataset,
            evals::save_dataset,
            evals::import_dataset,
            evals::keep_offline,
            evals::check_import,
            evals::check_dataset,
            evals::check_cases,
            evals::export_dataset,
            evals::save_dataset_file,
            evals::check_before_sharing,
            evals::add_case,
            evals::import_promptfoo_texts,
            evals::estimate_run,
            evals::start_run,
            evals::run_overview,
            evals::run_rows,
            evals::run_case,
            evals::cancel_run,
            evals::resume_run,
            evals::runs,
            evals::share_run,
            suites::suite,
            suites::set_suite,
            suites::gate,
            suites::gates_of,
            suites::gates_for,
            suites::plan_counted_run,
            suites::start_counted_run,
            suites::run_what_is_missing,
            suites::ask_for_suite,
            suites::set_asked_suite,
            suites::grade_again,
            suites::replay_request,
            releases::releases,
            releases::plan_promotion,
            releases::plan_release,
            releases::plan_revert,
            releases::plan_undo,
            releases::compare_releases,
            releases::use_it,
            releases::carry_out,
            releases::served_at,
            review::review_inbox,
            review::request,
            review::reviewer_choices,
            review::request_answers,
            review::preview_request,
            review::requests_to_change,
            review::ask_for_release,
            review::give_verdict,
            review::take_back_verdict,
            review::dismiss_verdict,
            review::withdraw_request,
            review::renew_request,
            review::release_request,
            review::release_when_approved,
            review::comment,
            review::resolve_comment,
            review::policies,
            review::set_policy,
            activity::activity,
            activity::verify,
            settings::settings,
            settings::add_environment,
            settings::plan_rename_environment,
            settings::rename_environment,
            settings::reorder_environments,
            settings::plan_retire_environment,
            settings::retire_environment,
            settings::plan_default_environment,
            settings::set_default_environment,
            settings::create_key,
            settings::rotate_key,
            settings::key_uses,
            settings::revoke_key,
            settings::invite,
            settings::add_computer,
            settings::withdraw_invitation,
            settings::set_role,
            settings::remove_person,
            settings::revoke_device,
            settings::create_service,
            settings::set_service_rights,
            settings::save_provider,
            settings::remove_provider,
            settings::paste_provider_key,
            settings::test_provider,
            settings::prices,
            settings::set_price,
            settings::remove_price,
            settings::cache,
            settings::limit_cache,
            settings::clear_cache,
            webhooks::webhooks,
            webhooks::make_webhook,
            webhooks::change_webhook,
            webhooks::switch_webhook,
            webhooks::rotate_webhook,
            webhooks::remove_webhook,
            webhooks::test_webhook,
            webhooks::webhook_log,
            webhooks::replay_webhook,
            syncing::sync_state,
            syncing::sync_now,
            syncing::cancel_sync,
            syncing::outbox,
            syncing::settle,
        ])
        .error_handling(ErrorHandlingMode::Throw)
        // Sequence numbers and times stay below 2^53, which is where a number stops being exact.
        .dangerously_cast_bigints_to_number()
        // One type for what goes in and comes out: a field that may be left out is optional in both.
        .disable_serde_phases()
        .typ::<views::ProjectChanged>()
        .typ::<views::SyncChanged>()
        .typ::<views::RunProgressed>()
        .typ::<views::AnswerChunk>()
        .typ::<views::AnswerDone>()
        .typ::<views::RunAnswers>()
        .typ::<views::Notice>()
        .typ::<views::News>()
}

/// Writes the TypeScript of all of it, which is `ui/src/bindings.ts`.
///
/// # Errors
/// A type has no TypeScript, or the file can't be written.
pub fn export(path: &std::path::Path) -> Result<(), specta_typescript::Error> {
    commands().export(Typescript::default(), path)
}
