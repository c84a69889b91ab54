//! An import reads below its own folder and nowhere else, also where a link leads away from there.

use crate::support::Laptop;
use std::fs;
use std::os::unix::fs::symlink;

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_no_import_out_of_its_folder() {
    let home = tempfile::tempdir().unwrap();
    let outside = home.path().join("outside");
    let folder = home.path().join("configuration");
    for made in [&outside, &folder, &folder.join("prompts")] {
        fs::create_dir(made).unwrap();
    }
    fs::write(outside.join("secret.txt"), "Secret {{ n }}").unwrap();
    fs::write(outside.join("secret.csv"), "n\nsecret case\n").unwrap();
    fs::write(folder.join("prompts/own.txt"), "Own {{ n }}").unwrap();
    // A file, a file among others that a pattern finds, a folder, and one link that stays inside.
    symlink(outside.join("secret.txt"), folder.join("file.txt")).unwrap();
    symlink("../../outside/secret.txt", folder.join("prompts/taken.txt")).unwrap();
    symlink(&outside, folder.join("away")).unwrap();
    symlink("prompts/own.txt", folder.join("inside.txt")).unwrap();
    let config = folder.join("promptfooconfig.yaml");
    fs::write(
        &config,
        "prompts:
  - file://file.txt
  - file://prompts/*.txt
  - file://away/secret.txt
  - file://away/*.txt
  - file://inside.txt
providers: [openai:gpt-4o]
tests: file://away/secret.csv
",
    )
    .unwrap();

    let ana = Laptop::new();
    let card = ana
        .bench
        .create_project("Desk".to_owned(), "Ana".to_owned());
    let project = card.await.unwrap().id;
    let made = ana
        .bench
        .import_promptfoo(project, config.clone(), None, false)
        .await
        .unwrap();
    let mut read = Vec::new();
    for row in &ana.bench.library(project).await.unwrap().prompts {
        let view = ana.bench.prompt(project, row.id).await.unwrap();
        read.push(format!("{view:?}"));
    }
    let said = format!("{made:?} {read:?}");
    assert!(said.contains("Own {{ n }}"), "{said}");
    assert!(!said.contains("Secret {{"), "{said}");
    assert_eq!(made.cases, 0, "{said}");
    let out = "leads out of the configuration's own folder";
    let refused = made.left_out.iter();
    let refused = refused.filter(|one| format!("{one:?}").contains(out));
    assert!(refused.count() >= 5, "{said}");
}
