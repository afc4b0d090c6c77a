//! The book's page on `deploy` has every form, with the words of the list.

use cargo_stateless::deploy::finding::FORMS;

#[test]
fn every_form_is_in_the_book() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/deploy/index.md");
    let page = std::fs::read_to_string(path).unwrap();
    for form in FORMS {
        let row = format!("| `{}` | `{}` | {} |", form.name, form.class.name(), form.summary);
        assert!(page.contains(&row), "{row}");
    }
    let (_, found) = page.split_once("### What is found").unwrap();
    let (table, _) = found.split_once("\n### ").unwrap();
    assert_eq!(table.lines().filter(|line| line.starts_with("| `")).count(), FORMS.len());
}
